#include "git/failure.hpp"

#include <fmt/format.h>
#include <git2.h>

#include <stdexcept>

#include "base/failure.hpp"

namespace slipway::git {
namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string with_words(const std::string& what, const Operation& operation) {
  const std::string words = operation.words();
  return words.empty() ? what : fmt::format("{}: {}", what, words);
}

/// Throws Refused if the server's answer is a definite no.
void server_said(int code, const std::string& text, const std::string& doing, const Operation& operation) {
  if (code == GIT_EAUTH || contains(text, "authentication required") || contains(text, "status code: 401")) {
    throw Refused(with_words(fmt::format("{}: the server refused the credentials (401)", doing), operation));
  }
  if (contains(text, "status code: 403")) throw Refused(with_words(fmt::format("{}: forbidden (403)", doing), operation));
  if (contains(text, "status code: 404")) throw Refused(with_words(fmt::format("{}: there is no such repository, or no right to see it (404)", doing), operation));
  if (operation.is_redirect()) {
    throw Refused(fmt::format("{}: the server redirects; credentials are not sent along a redirect: configure the final address", doing));
  }
  if (contains(text, "status code: 4") && !contains(text, "408") && !contains(text, "429")) {
    throw Refused(with_words(fmt::format("{}: {}", doing, text), operation));
  }
  // When fetching a commit by id: libgit2's message if the server does not offer that, and the server's own.
  if (contains(text, "cannot fetch a specific object") || contains(operation.words(), "not our ref")) {
    throw Refused(fmt::format("{}: the server does not give what no branch leads to", doing));
  }
}

bool is_of_the_wire(int klass) { return klass == GIT_ERROR_NET || klass == GIT_ERROR_HTTP || klass == GIT_ERROR_SSL || klass == GIT_ERROR_NONE; }

}  // namespace

void require(int code, const std::string& doing, const Operation* operation) {
  if (code >= 0) return;
  const git_error* last = ::git_error_last();
  const std::string text = last && last->message ? last->message : "no reason given";
  const int klass = last ? last->klass : GIT_ERROR_NONE;
  if (operation) {
    if (!operation->accident().empty()) throw Unavailable(fmt::format("{}: {}", doing, operation->accident()));
    server_said(code, text, doing, *operation);
    if (is_of_the_wire(klass)) throw Unavailable(with_words(fmt::format("{}: {}", doing, text), *operation));
  }
  if (contains(text, "No space left") || contains(text, "Disk quota")) throw NoRoom(fmt::format("{}: {}", doing, text));
  throw Damaged(fmt::format("{}: {}", doing, text));
}

}  // namespace slipway::git

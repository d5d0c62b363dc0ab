#include "git/exchange.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "base/text.hpp"
#include "git/failure.hpp"
#include "git/stream.hpp"

namespace slipway::git {
namespace {

constexpr std::size_t remark_bytes_max = 2000;

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

Exchange::Exchange(git_repository* repository, const std::string& url, const Access& access)
    : url_(url), operation_(access.limit, access.insecure, access.cancel), header_(authorization_header(access)), headers_(or_null(header_)) {
  use_own_streams();
  git_remote_create_options options;
  ::git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
  options.repository = repository;
  // An address means itself, whatever the machine's Git configuration says. Looking for `insteadOf` also leaks 20 KB for each of its
  // entries (libgit2 1.5, git_regexp_match with PCRE2).
  options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
  git_remote* remote = nullptr;
  require(::git_remote_create_with_opts(&remote, url_.c_str(), &options), "opening " + url_);
  remote_.reset(remote);
}

git_remote_callbacks Exchange::callbacks() noexcept {
  git_remote_callbacks calls;
  ::git_remote_init_callbacks(&calls, GIT_REMOTE_CALLBACKS_VERSION);
  calls.payload = this;
  calls.sideband_progress = on_remark;
  calls.push_update_reference = on_reference;
  return calls;
}

int Exchange::on_remark(const char* text, int size, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.remarks_.size() < remark_bytes_max && size > 0) {
    try {
      exchange.remarks_.append(text, static_cast<std::size_t>(size));
    } catch (...) {
      return -1;  // out of memory; exceptions must not cross libgit2's frames
    }
  }
  return 0;
}

int Exchange::on_reference(const char*, const char* status, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.answered_ = true;
  try {
    exchange.refused_ = status ? status : "";
  } catch (...) {
    return -1;
  }
  return 0;
}

void Exchange::connect(git_direction direction) {
  git_remote_connect_options options;
  ::git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
  options.callbacks = callbacks();
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.custom_headers = *headers_.get();
  require(::git_remote_connect_ext(remote_.get(), direction, &options), "connecting to " + url_, &operation_);
}

std::optional<git_oid> Exchange::advertised(const std::string& ref) const {
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  require(::git_remote_ls(&heads, &count, remote_.get()), "listing " + url_, &operation_);
  for (std::size_t i = 0; i < count; ++i) {
    if (ref == heads[i]->name) return heads[i]->oid;
  }
  return std::nullopt;
}

std::string Exchange::default_branch() const {
  Buffer name;
  const int code = ::git_remote_default_branch(name.out(), remote_.get());
  if (code == GIT_ENOTFOUND) return "";
  require(code, "asking for HEAD of " + url_, &operation_);
  return branch_name(name.c_str());
}

void Exchange::download(const std::string& refspec) {
  git_fetch_options options;
  ::git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = callbacks();
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.custom_headers = *headers_.get();
  const StringArray specs(refspec.c_str());
  require(::git_remote_download(remote_.get(), specs.get(), &options), "fetching " + url_, &operation_);
}

void Exchange::update_references(bool prune) {
  auto calls = callbacks();
  require(::git_remote_update_tips(remote_.get(), &calls, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE, nullptr), "updating the mirror of " + url_);
  if (prune) require(::git_remote_prune(remote_.get(), &calls), "pruning the mirror of " + url_);
}

std::string Exchange::push(const std::string& refspec) {
  git_push_options options;
  ::git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
  options.callbacks = callbacks();
  options.pb_parallelism = 1;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.custom_headers = *headers_.get();
  const StringArray specs(refspec.c_str());
  const int code = ::git_remote_upload(remote_.get(), specs.get(), &options);
  if (code == GIT_ENONFASTFORWARD) return "non-fast-forward";
  for (char& c : remarks_) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  remarks_ = printable(remarks_, remark_bytes_max);
  // The server examined the commits and rejected them. That is an answer, although libgit2 reports a broken connection.
  const git_error* last = code < 0 ? ::git_error_last() : nullptr;
  if (last && last->message && std::string_view(last->message).find("unpacking the sent packfile failed") != std::string_view::npos) return "unpacker error";
  require(code, "pushing to " + url_, &operation_);
  // 0 means only that the exchange worked; the reference's own status decides.
  return answered_ ? refused_ : "the server did not say what became of the push";
}

}  // namespace slipway::git

#include "run/deployed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/references.hpp"
#include "edit/edit.hpp"

namespace slipway::run {
namespace {

/// What follows the last `name` in a text, up to the end of its line; empty if it is not there.
std::string last_named(std::string_view text, std::string_view name) {
  const auto found = text.rfind(name);
  if (found == std::string_view::npos) return std::string();
  const std::string_view value = text.substr(found + name.size());
  return std::string(value.substr(0, value.find_first_of("\r\n")));
}

/// The commit of the last trailers in a text, if they are of this repository.
std::optional<CommitSha> source_commit(std::string_view text, const RepoName& repository) {
  const std::string commit = last_named(text, "\nSource-Commit: ");
  if (!is_commit_sha(commit) || RepoName(last_named(text, "\nSource-Repository: ")) != repository) return std::nullopt;
  return CommitSha(commit);
}

}  // namespace

std::string written_value(std::string_view value, const BuildResults& results) {
  return config::replace_references(value, [&](std::string_view name) -> std::optional<std::string> {
    if (name == "IMAGE") return results.image;
    if (name == "IMAGE_TAG") return results.tag;
    if (name == "IMAGE_DIGEST") return results.digest.value();
    return std::nullopt;
  });
}

bool tells_tag(const ValuesEdit& edit) noexcept { return edit.value.find("$(IMAGE_TAG)") != std::string::npos; }

bool names_image(const ValuesEdit& edit) noexcept { return tells_tag(edit) || edit.value.find("$(IMAGE_DIGEST)") != std::string::npos; }

std::string tag_in(std::string_view value) {
  value = value.substr(0, value.find('@'));
  const auto colon = value.rfind(':');
  if (colon != std::string_view::npos) value.remove_prefix(colon + 1);
  return std::string(value);
}

std::string digest_in(std::string_view value) {
  const auto at = value.rfind('@');
  if (at != std::string_view::npos) value.remove_prefix(at + 1);
  const bool is_digest = (value.starts_with("sha256:") || value.starts_with("sha512:")) && value.size() > 7;
  return is_digest ? std::string(value) : std::string();
}

std::optional<CommitSha> handed_off_commit(std::string_view message, const RepoName& repository, const std::string& digest) {
  const std::string line = "\nImage-Digest: " + digest;
  const auto at = message.find(line);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(at + line.size());
  if (!rest.empty() && rest[0] != '\n' && rest[0] != '\r') return std::nullopt;
  return source_commit(message.substr(0, at), repository);
}

Result<std::string> value_in(const std::string& bytes, const ValuesEdit& edit) {
  const auto path = edit::Path::parse(edit.path);
  if (!path) return Error(fmt::format("values path {}: {}", edit.path, path.error().what()));
  edit::Options options;
  options.file = edit.file;
  auto value = edit::read(bytes, *path, options);
  if (!value) return value.error();
  return value->value_or(std::string());
}

std::optional<CommitSha> written_commit(std::string_view message, const RepoName& repository, const ValuesEdit& edit, const std::string& value) {
  if (!tells_tag(edit)) {
    const std::string digest = digest_in(value);
    return digest.empty() ? std::nullopt : handed_off_commit(message, repository, digest);
  }
  auto commit = source_commit(message, repository);
  const auto prefix = commit_prefix(tag_in(value));
  if (!commit || !prefix || !commit->value().starts_with(*prefix)) return std::nullopt;
  return commit;
}

std::string record_name(const Template& target, const ValuesEdit& edit) {
  const auto first = std::find_if(target.values.begin(), target.values.end(), [&](const ValuesEdit& one) { return one.file == edit.file; });
  return first == target.values.end() || first->path == edit.path ? edit.file : edit.file + ":" + edit.path;
}

std::optional<std::string> commit_prefix(std::string_view tag) {
  std::string_view digits = tag.substr(0, tag.find('-'));
  const std::string_view suffix = tag.substr(digits.size());
  const bool numbered = suffix.size() < 2 || suffix.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
  if (!numbered || suffix == "-" || digits.size() < 7 || digits.size() > 40) return std::nullopt;
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return std::string(digits);
}

}  // namespace slipway::run

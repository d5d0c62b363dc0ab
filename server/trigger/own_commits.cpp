#include "trigger/own_commits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.hpp"
#include "config/catalogue.hpp"
#include "trigger/match.hpp"

namespace slipway::trigger {
namespace {

/// A member's text; empty if it is missing or not a string.
std::string_view text_at(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject()) return {};
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

bool is_by(const rapidjson::Value& commit, const char* role, const Identity& who) {
  const auto found = commit.FindMember(role);
  return found != commit.MemberEnd() && text_at(found->value, "name") == who.name &&
         text_at(found->value, "email") == who.email;
}

/// The value of a `Name: value` line in a paragraph; empty if there is none.
std::string_view trailer(std::string_view paragraph, std::string_view name) {
  while (!paragraph.empty()) {
    const auto end = std::min(paragraph.find('\n'), paragraph.size());
    const auto line = paragraph.substr(0, end);
    paragraph.remove_prefix(std::min(end + 1, paragraph.size()));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) return line.substr(name.size() + 2);
  }
  return {};
}

}  // namespace

std::optional<std::string> handing_run(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  const auto blank = message.rfind("\n\n");
  if (blank == std::string_view::npos) return std::nullopt;
  const auto last = message.substr(blank + 2);
  const auto run = trailer(last, "Slipway-Run");
  const bool is_number = !run.empty() && run.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number || !is_commit_sha(std::string(trailer(last, "Source-Commit")))) return std::nullopt;
  return std::string(run);
}

bool OwnCommits::File::covers(const std::string& path) const noexcept {
  if (whole) return path == begin;
  return path.size() > begin.size() + end.size() && path.starts_with(begin) && path.ends_with(end);
}

OwnCommits::OwnCommits(const config::Catalogue& catalogue)
    : complete_commits_(catalogue.complete_commits()), author_(catalogue.author()), committer_(catalogue.committer()) {
  for (const auto& one : catalogue.templates()) {
    for (const auto& edit : one.values) {
      File file;
      const auto reference = edit.file.find("$(");
      file.whole = reference == std::string::npos;
      file.begin = edit.file.substr(0, reference);
      if (!file.whole) file.end = edit.file.substr(std::min(edit.file.rfind(')') + 1, edit.file.size()));
      files_.push_back(std::move(file));
    }
  }
}

bool OwnCommits::changes_values_only(const ChangedCommit& commit) const noexcept {
  return commit.added.empty() && commit.removed.empty() && !commit.modified.empty() &&
         std::all_of(commit.modified.begin(), commit.modified.end(), [&](const std::string& path) {
           return std::any_of(files_.begin(), files_.end(), [&](const File& file) { return file.covers(path); });
         });
}

bool OwnCommits::has_own_only(const Event& event) const {
  const Push& push = event.push();
  // Decides nearly every push without looking at its body.
  const auto of_values = [&](const ChangedCommit& commit) { return changes_values_only(commit); };
  if (push.commits.empty() || !std::all_of(push.commits.begin(), push.commits.end(), of_values)) return false;
  const auto& body = event.body();
  if (!body) return false;
  const auto list = body->FindMember("commits");
  if (list == body->MemberEnd() || !list->value.IsArray() || list->value.Size() != push.commits.size()) return false;
  const auto commits = list->value.GetArray();
  return std::all_of(commits.begin(), commits.end(), [&](const rapidjson::Value& commit) {
    return commit.IsObject() && is_by(commit, "author", author_) && is_by(commit, "committer", committer_) &&
           handing_run(text_at(commit, "message"));
  });
}

std::optional<std::string> OwnCommits::reason(const Event& event) const {
  if (!has_own_only(event)) return std::nullopt;
  const std::size_t count = event.push().commits.size();
  const char* commits = count == 1 ? "commit" : "commits";
  if (!is_incomplete(event.push()))
    return fmt::format("the push consists only of slipway's own hand-off {}: it triggers nothing", commits);
  if (!complete_commits_) return std::nullopt;
  return fmt::format("{} {} of slipway's own hand-offs in the payload; whether the rest of the push is, Git is asked",
                     count, commits);
}

}  // namespace slipway::trigger

#include "run/ground.hpp"

#include <array>

#include "base/failure.hpp"
#include "run/deployed.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {
namespace {

// Numbers of commits to look at, in turn: what is looked for is nearly always among the newest.
constexpr std::array<std::size_t, 3> for_digests = {50, 500, 5000};
constexpr std::array<std::size_t, 2> for_hand_offs = {50, 500};

}  // namespace

Task<std::optional<std::string>> Ground::read(std::string file) {
  const auto known = files_.find(file);
  if (known != files_.end()) co_return known->second;
  auto bytes = co_await tools_.infra.read(head_.commit, file);
  files_[file] = bytes;
  co_return bytes;
}

void Ground::apply(const git::NewCommit& commit) {
  for (const auto& [file, bytes] : commit.files) files_[file] = bytes;
  applied_.push_back(commit.message);
}

Task<std::optional<CommitSha>> Ground::source_of(RepoName repository, std::string digest) {
  for (auto message = applied_.rbegin(); message != applied_.rend(); ++message) {
    if (auto commit = handed_off_commit(*message, repository, digest)) co_return commit;
  }
  std::size_t looked_at = 0;
  for (const std::size_t at_most : for_digests) {
    co_await look_back(at_most);
    for (; looked_at < history_.size(); ++looked_at) {
      if (auto commit = handed_off_commit(history_[looked_at].message, repository, digest)) co_return commit;
    }
  }
  co_return std::nullopt;
}

Task<std::optional<queue::HandedOffLast>> Ground::hand_off_since(CommitSha since, RepoName repository, ValuesEdit edit) {
  const std::string of_repository = "\nSource-Repository: " + repository.value() + "\n";
  std::size_t looked_at = 0;
  for (const std::size_t at_most : for_hand_offs) {
    co_await look_back(at_most);
    for (; looked_at < history_.size(); ++looked_at) {
      const auto& commit = history_[looked_at];
      if (commit.sha == since) co_return std::nullopt;
      if (!commit.ours || commit.message.find(of_repository) == std::string::npos) continue;
      // Another template's hand-off does not have our value, or has one that was handed off before.
      const std::string value = co_await value_at(commit.sha, edit);
      if (const auto source = written_commit(commit.message, repository, edit, value)) co_return queue::HandedOffLast(value, *source, commit.sha);
    }
  }
  co_return std::nullopt;
}

/// Makes `history_` at least so long, if there is as much.
Task<> Ground::look_back(std::size_t at_most) {
  if (complete_ || history_.size() >= at_most) co_return;
  history_ = co_await tools_.infra.log(head_.commit, at_most);
  complete_ = history_.size() < at_most;
}

/// The edit's value at an earlier commit; empty if it was not there, or no plain file then.
Task<std::string> Ground::value_at(CommitSha commit, ValuesEdit edit) {
  std::optional<std::string> bytes;
  try {
    bytes = co_await tools_.infra.read(commit, edit.file);
  } catch (const Refused&) {
    co_return std::string();
  }
  if (!bytes) co_return std::string();
  auto value = value_in(*bytes, edit);
  if (!value) co_return std::string();
  co_return *std::move(value);
}

}  // namespace slipway::run

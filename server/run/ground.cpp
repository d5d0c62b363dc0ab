#include "run/ground.hpp"

#include <array>

#include "run/deployed.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {
namespace {

/// Numbers of commits searched for a digest, in turn: it is nearly always among the newest.
constexpr std::array<std::size_t, 2> pages = {200, 5000};

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
  for (const std::size_t at_most : pages) {
    const auto commits = co_await tools_.infra.log(head_.commit, at_most);
    for (; looked_at < commits.size(); ++looked_at) {
      if (auto commit = handed_off_commit(commits[looked_at].message, repository, digest)) co_return commit;
    }
    if (commits.size() < at_most) break;
  }
  co_return std::nullopt;
}

}  // namespace slipway::run

#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "git/remote.hpp"
#include "io/task.hpp"
#include "model/template.hpp"
#include "queue/queue.hpp"

namespace slipway::run {

struct HandOffTools;

/// A head of the infra repository's branch. One that is not fresh is as last known, and may be out of date.
struct Head {
  Head(CommitSha sha, bool is_fresh) : commit(std::move(sha)), fresh(is_fresh) {}
  CommitSha commit;
  bool fresh;
};

/// The infra repository as a batch sees it: the files at one head, plus the commits planned on top so far.
class Ground {
 public:
  Ground(HandOffTools& tools, Head head) : tools_(tools), head_(std::move(head)) {}
  /// Nothing may be recorded for good on a ground that is not fresh.
  bool fresh() const noexcept { return head_.fresh; }
  const CommitSha& head() const noexcept { return head_.commit; }
  /// The file's bytes; nothing if it is missing. Refused if it is not a plain file inside the repository.
  Task<std::optional<std::string>> read(std::string file);
  void apply(const git::NewCommit& commit);
  /// The source commit named by the newest hand-off of this digest, among the planned and the last 5,000 commits; nothing if none.
  Task<std::optional<CommitSha>> source_of(RepoName repository, std::string digest);
  /// The newest hand-off of this repository that wrote the edit's value, if it came after the commit `since`; searches the last 500.
  Task<std::optional<queue::HandedOffLast>> hand_off_since(CommitSha since, RepoName repository, ValuesEdit edit);

 private:
  Task<> look_back(std::size_t at_most);
  Task<std::string> value_at(CommitSha commit, ValuesEdit edit);

  HandOffTools& tools_;
  Head head_;
  std::map<std::string, std::optional<std::string>> files_;
  std::vector<std::string> applied_;  ///< messages of the commits on top
  std::vector<git::LoggedCommit> history_;  ///< of the head, newest first, as far as it was looked at
  bool complete_ = false;                   ///< there is no more of it
};

}  // namespace slipway::run

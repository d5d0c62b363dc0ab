#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "io/task.hpp"

namespace slipway::git {

/// A commit to make: complete new file contents, and the message. Author and committer are the remote's.
struct NewCommit {
  NewCommit() = default;
  std::map<std::string, std::string> files;  ///< path from the root to its new bytes
  std::string message;
};

/// Result of a push to a configured copy of the repository (`also_push`). A diverged copy is never force-pushed.
struct CopyPush {
  CopyPush() = default;
  CopyPush(std::string where, bool done, std::string said) : url(std::move(where)), has_commits(done), words(std::move(said)) {}
  std::string url;
  bool has_commits = false;
  bool diverged = false;  ///< it has commits of its own, so no hand-off can reach it
  std::string words;      ///< why not; empty on success
};

/// How a copy's branch relates to the repository's own.
enum class CopyState {
  same,      ///< the heads are one commit
  behind,    ///< it lacks commits or the whole branch; the next hand-off adds them
  diverged,  ///< it has commits of its own
  unknown,   ///< it could not be queried
};
std::string_view name(CopyState state) noexcept;

/// The branch's head in a copy.
struct CopyHead {
  CopyHead() = default;
  std::string url;
  CopyState state = CopyState::unknown;
  CommitSha origin;               ///< the repository's own head, queried at the same time
  std::optional<CommitSha> head;  ///< none: no such branch, or not known
  std::string trouble;            ///< why it could not be queried, or refused the last push
  bool operator==(const CopyHead&) const = default;
};

/// The commits are on the branch, in the order given.
struct Landed {
  Landed() = default;
  explicit Landed(std::vector<CommitSha> made) : commits(std::move(made)) {}
  std::vector<CommitSha> commits;
  std::vector<CopyPush> copies;  ///< one per configured copy
};
/// Somebody else moved the branch first: fetch, reapply, retry. `words`: the reason, from the server or the check before the push.
struct Raced {
  Raced() = default;
  explicit Raced(std::string said) : words(std::move(said)) {}
  std::string words;
};
using PushOutcome = std::variant<Landed, Raced>;

/// A commit as a log shows it.
struct LoggedCommit {
  LoggedCommit() = default;
  CommitSha sha;
  std::string message;
  std::chrono::system_clock::time_point time;  ///< the committer's
  bool ours = false;  ///< the committer is slipway; not so for a copy, whatever its message says
};

/// The branch of the infra repository that hand-offs go to. Blocking work runs off the loop, one operation at a time; every
/// operation has an absolute time limit. Throws Unavailable if the server is unreachable or does not answer in time, and Refused,
/// with the server's own words, for a definite no (wrong password, permission, protected branch, hook). Used on the loop.
class GitRemote {
 public:
  virtual ~GitRemote() = default;

  /// The branch's head: as last known, without asking the server, else from fetch().
  virtual Task<CommitSha> head() = 0;
  /// Fetches the branch and returns its head. Refused if the branch does not exist.
  virtual Task<CommitSha> fetch() = 0;
  /// A plain file's bytes at a commit; nothing if there is no such file. Refused for symbolic links, submodules, folders and
  /// paths that are not plain.
  virtual Task<std::optional<std::string>> read(CommitSha at, std::string file) = 0;
  /// Path and bytes of every YAML file at a commit, of at most `bytes_max` bytes, that contains `needle`. Examines at most `files_max`.
  virtual Task<std::vector<std::pair<std::string, std::string>>> find_text(CommitSha at, std::string needle, std::size_t files_max,
                                                                           std::size_t bytes_max) = 0;
  /// The history of `at`, newest first.
  virtual Task<std::vector<LoggedCommit>> log(CommitSha at, std::size_t at_most) = 0;
  /// The branch that the server's HEAD points to; empty if it names none.
  virtual Task<std::string> default_branch() = 0;
  /// Queries the repository and every configured copy for the branch's head. A copy that does not answer is reported, not thrown.
  virtual Task<std::vector<CopyHead>> copy_heads() { co_return std::vector<CopyHead>(); }
  /// Checks that the credentials may push to the repository and every configured copy, without pushing. Refused, with its address,
  /// for the first that says no.
  virtual Task<> may_push() { co_return; }
  /// Makes the commits on top of `onto`, each on the previous one, and pushes them together; then to the configured copies, whose
  /// failures do not affect the outcome.
  virtual Task<PushOutcome> commit_and_push(CommitSha onto, std::vector<NewCommit> commits) = 0;

  /// Fetches another branch and returns its head; nothing if there is no such branch.
  virtual Task<std::optional<CommitSha>> other_head(std::string branch) = 0;
  /// For a pull request: makes the commits on top of `onto`, the head of the hand-offs' branch, and force-pushes them to slipway's own
  /// `branch`. Raced if either branch has moved since the caller saw it (`there`: head of `branch`; nothing if it did not exist).
  /// Refused if `branch` contains a commit that is not slipway's.
  virtual Task<PushOutcome> propose(std::string branch, std::optional<CommitSha> there, CommitSha onto, std::vector<NewCommit> commits) = 0;
};

}  // namespace slipway::git

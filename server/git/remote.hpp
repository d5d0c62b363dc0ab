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

/// A commit to be made: whole new contents of files, and the message. Author and committer are the remote's.
struct NewCommit {
  NewCommit() = default;
  std::map<std::string, std::string> files;  ///< path from the root to its new bytes
  std::string message;
};

/// What became of a push to a declared copy of the repository (`also_push`). A copy that has diverged is never forced.
struct CopyPush {
  CopyPush() = default;
  CopyPush(std::string where, bool done, std::string said) : url(std::move(where)), has_commits(done), words(std::move(said)) {}
  std::string url;
  bool has_commits = false;
  bool diverged = false;  ///< it has commits of its own: no hand-off will ever get there
  std::string words;      ///< why not
};

/// How a copy's branch stands to the repository's own.
enum class CopyState {
  same,      ///< the heads are one commit
  behind,    ///< it lacks commits, or the whole branch: the next hand-off brings them
  diverged,  ///< it has commits of its own
  unknown,   ///< it can not be asked
};
std::string_view name(CopyState state) noexcept;

/// The branch's head in a copy.
struct CopyHead {
  CopyHead() = default;
  std::string url;
  CopyState state = CopyState::unknown;
  CommitSha origin;               ///< the head in the repository itself, asked in the same breath
  std::optional<CommitSha> head;  ///< none: there is no such branch, or it can not be asked
  std::string trouble;            ///< why it can not be asked, or did not take the last push
  bool operator==(const CopyHead&) const = default;
};

/// The commits are on the branch, in the order given.
struct Landed {
  Landed() = default;
  explicit Landed(std::vector<CommitSha> made) : commits(std::move(made)) {}
  std::vector<CommitSha> commits;
  std::vector<CopyPush> copies;  ///< one a declared copy
};
/// Somebody else moved the branch first: fetch, apply anew, try again. `words` are the server's own.
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
};

/// The branch of the infra repository that hand-offs go to. Blocking work is done on a pool, one operation at a time; every
/// operation has an absolute limit. Throws Unavailable where the server can not be reached or does not answer in time, Refused
/// with the server's own words where it says no for good (wrong password, permission, protected branch, hook). Used on the loop.
class GitRemote {
 public:
  virtual ~GitRemote() = default;

  /// The branch's head as last known: after a push of our own without asking the server, else by fetch().
  virtual Task<CommitSha> head() = 0;
  /// Asks the server, fetches what is new, and returns the branch's head. Refused when the branch does not exist.
  virtual Task<CommitSha> fetch() = 0;
  /// A plain file's bytes at a commit; nothing where there is no such file. Refused for symbolic links, submodules, folders and
  /// paths that are not plain.
  virtual Task<std::optional<std::string>> read(CommitSha at, std::string file) = 0;
  /// Every YAML file at a commit, smaller than `bytes_max`, that holds `needle`; looks at no more than `files_max` files.
  virtual Task<std::vector<std::pair<std::string, std::string>>> find_text(CommitSha at, std::string needle, std::size_t files_max,
                                                                           std::size_t bytes_max) = 0;
  /// The newest commits up to `at`, newest first.
  virtual Task<std::vector<LoggedCommit>> log(CommitSha at, std::size_t at_most) = 0;
  /// The branch that the server's HEAD names.
  virtual Task<std::string> default_branch() = 0;
  /// Asks the repository, and every declared copy, for the branch's head; a copy that does not answer says so and is no exception.
  virtual Task<std::vector<CopyHead>> copy_heads() { co_return std::vector<CopyHead>(); }
  /// Asks the repository, and every declared copy, whether the credentials may push, and pushes nothing. Refused with the address
  /// of the first that says no.
  virtual Task<> may_push() { co_return; }
  /// Makes the commits on top of `onto`, one after the other, and pushes them together; then to the declared copies, whose
  /// troubles change nothing about the outcome.
  virtual Task<PushOutcome> commit_and_push(CommitSha onto, std::vector<NewCommit> commits) = 0;

  /// The head of another branch, fetched; nothing where there is no such branch.
  virtual Task<std::optional<CommitSha>> other_head(std::string branch) = 0;
  /// Makes the commits on top of `onto`, the head of the hand-offs' branch, and sets a branch of slipway's own to the last, whatever
  /// it held: for a pull request. Raced when either branch is not where the caller saw it (`there`: nothing, for no such branch).
  /// Refused when it holds a commit that is not slipway's.
  virtual Task<PushOutcome> propose(std::string branch, std::optional<CommitSha> there, CommitSha onto, std::vector<NewCommit> commits) = 0;
};

}  // namespace slipway::git

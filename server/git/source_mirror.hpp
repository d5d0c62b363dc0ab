#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "io/task.hpp"
#include "model/delivery.hpp"

namespace slipway::git {

/// How some commits stand to each other.
class Ancestry {
 public:
  Ancestry() = default;
  void add(const CommitSha& older, const CommitSha& newer) { pairs_.emplace(older, newer); }
  /// True when `older` is a proper ancestor of `newer`.
  bool is_ancestor(const CommitSha& older, const CommitSha& newer) const { return pairs_.contains(std::pair(older, newer)); }

 private:
  std::set<std::pair<CommitSha, CommitSha>> pairs_;
};

struct CheckoutOptions {
  CheckoutOptions() = default;
  bool submodules = false;   ///< fetched and checked out too, from the same server; otherwise they are empty folders, as in Git
  bool lfs = false;          ///< what Git LFS pointers in the context stand for is fetched, by git-lfs; otherwise they are an error
  std::string context = "."; ///< where pointers are looked for
};

/// Bare mirrors of the source repositories, kept and fetched incrementally. A repository is named, never addressed: its address is
/// made from the configuration. Blocking work is done on a pool; every operation has an absolute limit. Throws Unavailable and
/// Refused as GitRemote does. Used on the loop.
class SourceMirror {
 public:
  virtual ~SourceMirror() = default;

  /// Brings the mirror up to date with the server's branches. Callers who come while a fetch that began before is under way
  /// share the next one.
  virtual Task<> fetch(RepoName repository) = 0;

  // What the mirror knows as last fetched.
  virtual Task<bool> contains(RepoName repository, CommitSha commit) = 0;
  virtual Task<std::optional<CommitSha>> head(RepoName repository, std::string ref) = 0;
  /// True when the commit is the branch's head or an ancestor of it.
  virtual Task<bool> on_branch(RepoName repository, CommitSha commit, std::string ref) = 0;
  /// The one commit that begins with these digits.
  virtual Task<std::optional<CommitSha>> find_commit(RepoName repository, std::string prefix) = 0;
  /// True when `older` is a proper ancestor of `newer`; false where one of them is unknown.
  virtual Task<bool> is_ancestor(RepoName repository, CommitSha older, CommitSha newer) = 0;
  /// True when `one` and `other` have a proper descendant of `commit` in common; false where one of them is unknown.
  virtual Task<bool> share_newer(RepoName repository, CommitSha commit, CommitSha one, CommitSha other) = 0;
  /// How `commit` and each of `others` stand to each other, and the others among themselves where one can be told.
  virtual Task<Ancestry> ancestry(RepoName repository, CommitSha commit, std::vector<CommitSha> others) = 0;
  /// The branch's own line: its head, that one's first parent, and so on; newest first.
  virtual Task<std::vector<CommitSha>> first_parents(RepoName repository, std::string ref, std::size_t at_most) = 0;
  virtual Task<Clock::time_point> commit_time(RepoName repository, CommitSha commit) = 0;

  /// What a push from `before` to `after` changed, newest first, each commit against its first parent, as Gitea lists it. Beyond
  /// `limit`, and for a rewind, a forced push, a branch without a common base or a vanished `before`, one further entry with
  /// the id `after` carries the difference of the trees (issue: "The whole push").
  virtual Task<std::vector<ChangedCommit>> changed(RepoName repository, CommitSha before, CommitSha after, std::size_t limit) = 0;

  /// Asks the server for a commit by its id, where no branch leads to it any more. False where it does not give it.
  virtual Task<bool> fetch_commit(RepoName repository, CommitSha commit) = 0;

  /// Writes the tree of a commit into an empty folder: files of its own, no hard links, no Git folder. An error for what can
  /// not be built as it is: submodules that can not be had, LFS pointers that the options do not allow.
  virtual Task<Result<void>> checkout(RepoName repository, CommitSha commit, std::filesystem::path folder, CheckoutOptions options) = 0;
};

}  // namespace slipway::git

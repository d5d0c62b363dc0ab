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

/// The ancestor relations among some commits.
class Ancestry {
 public:
  Ancestry() = default;
  void add(const CommitSha& older, const CommitSha& newer) { pairs_.emplace(older, newer); }
  /// True if `older` is a proper ancestor of `newer`.
  bool is_ancestor(const CommitSha& older, const CommitSha& newer) const { return pairs_.contains(std::pair(older, newer)); }

 private:
  std::set<std::pair<CommitSha, CommitSha>> pairs_;
};

struct CheckoutOptions {
  CheckoutOptions() = default;
  bool submodules = false;   ///< also fetch and check out submodules, from the same server; else empty folders, as in Git
  bool lfs = false;          ///< fetch the files for Git LFS pointers in the context, by git-lfs; else pointers are an error
  std::string context = "."; ///< folder in which pointers matter
};

/// Bare mirrors of the source repositories, kept and fetched incrementally. Repositories are given by name, never by URL: the URL
/// comes from the configuration. Blocking work runs on a pool; every operation has an absolute time limit. Throws Unavailable and
/// Refused like GitRemote. Used on the loop.
class SourceMirror {
 public:
  virtual ~SourceMirror() = default;

  /// Updates the mirror from the server's branches. Callers that arrive during a fetch share the next one.
  virtual Task<> fetch(RepoName repository) = 0;

  // Queries on the mirror, as of the last fetch.
  virtual Task<bool> contains(RepoName repository, CommitSha commit) = 0;
  virtual Task<std::optional<CommitSha>> head(RepoName repository, std::string ref) = 0;
  /// True if the commit is the branch's head or an ancestor of it.
  virtual Task<bool> on_branch(RepoName repository, CommitSha commit, std::string ref) = 0;
  /// The one commit whose id starts with `prefix`; nothing if there is none or several.
  virtual Task<std::optional<CommitSha>> find_commit(RepoName repository, std::string prefix) = 0;
  /// True if `older` is a proper ancestor of `newer`; false if either is unknown.
  virtual Task<bool> is_ancestor(RepoName repository, CommitSha older, CommitSha newer) = 0;
  /// True if `one` and `other` share a proper descendant of `commit`; false if one of them is unknown.
  virtual Task<bool> share_newer(RepoName repository, CommitSha commit, CommitSha one, CommitSha other) = 0;
  /// The ancestor relations between `commit` and `others`, and among `others`, as far as known.
  virtual Task<Ancestry> ancestry(RepoName repository, CommitSha commit, std::vector<CommitSha> others) = 0;
  /// The branch's first-parent history, newest first.
  virtual Task<std::vector<CommitSha>> first_parents(RepoName repository, std::string ref, std::size_t at_most) = 0;
  virtual Task<Clock::time_point> commit_time(RepoName repository, CommitSha commit) = 0;

  /// The commits of a push from `before` to `after`, newest first, each compared with its first parent, as Gitea lists them. If there
  /// are more than `limit`, and for a rewind, a forced push, a branch without a common base or a vanished `before`, one further entry
  /// with the id `after` has the difference between the two trees, so that no changed path is missed.
  virtual Task<std::vector<ChangedCommit>> changed(RepoName repository, CommitSha before, CommitSha after, std::size_t limit) = 0;

  /// Fetches a commit by its id, for one no longer on any branch. False if the server does not give it out.
  virtual Task<bool> fetch_commit(RepoName repository, CommitSha commit) = 0;

  /// Writes the tree of a commit into an empty folder: separate files, no hard links, no `.git`. An error for a commit that cannot
  /// be checked out as it is: unobtainable submodules, LFS pointers that the options do not allow.
  virtual Task<Result<void>> checkout(RepoName repository, CommitSha commit, std::filesystem::path folder, CheckoutOptions options) = 0;
};

}  // namespace slipway::git

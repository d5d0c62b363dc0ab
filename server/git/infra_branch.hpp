#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "git/address.hpp"
#include "git/handles.hpp"
#include "git/remote.hpp"
#include "model/settings.hpp"

namespace slipway::git {

/// Signs a commit's text and returns the armoured signature; throws Unavailable or Refused. Called on the pool.
using SignCommit = std::function<std::string(const std::string& commit)>;

/// A copy of the repository to which the same commits are pushed.
struct InfraCopy {
  InfraCopy() = default;
  InfraCopy(std::string where, Access how) : url(std::move(where)), access(std::move(how)) {}
  std::string url;
  Access access;
};

struct InfraOptions {
  InfraOptions() = default;
  std::string url;
  std::string branch = "main";
  std::filesystem::path mirror;  ///< folder of the bare mirror; a cache, recreated if it is broken
  Access access;
  Identity author, committer;
  SignCommit sign;  ///< unset: commits are not signed
  std::vector<InfraCopy> also_push;
};

/// The blocking implementation of GitRemote: the infra repository's branch in a bare mirror, without a work tree. For its functions
/// see those of GitRemote. One thread at a time.
class InfraBranch {
 public:
  InfraBranch(InfraOptions options, Log log);

  CommitSha head() { return known_.empty() ? fetch() : known_; }
  CommitSha fetch();
  std::optional<std::string> read(const CommitSha& at, const std::string& file);
  std::vector<std::pair<std::string, std::string>> find(const CommitSha& at, const std::string& needle, std::size_t files_max, std::size_t bytes_max);
  std::vector<LoggedCommit> log(const CommitSha& at, std::size_t at_most);
  std::string default_branch();
  std::vector<CopyHead> copy_heads();
  void may_push();
  PushOutcome push(const CommitSha& onto, const std::vector<NewCommit>& commits);
  std::optional<CommitSha> other_head(const std::string& branch);
  PushOutcome propose(const std::string& branch, const std::optional<CommitSha>& there, const CommitSha& onto, const std::vector<NewCommit>& commits);

 private:
  template <class F>
  auto on_mirror(F work);
  git_repository* repository();
  void drop_mirror();
  CommitSha fetch_branch();
  CommitSha add(const NewCommit& commit, const CommitSha& parent);
  std::vector<CommitSha> add_all(const CommitSha& onto, const std::vector<NewCommit>& commits);
  PushOutcome replace(const std::string& ref, const std::optional<CommitSha>& there, const CommitSha& onto);
  PushOutcome push_tip(const CommitSha& onto, const CommitSha& tip);
  std::vector<CopyPush> push_copies();

  InfraOptions options_;
  Log log_;
  std::string ref_;
  Repository repository_;
  bool opened_ = false;   ///< stale locks have been cleared
  bool damaged_ = false;  ///< recreate the mirror at the next fetch
  CommitSha known_;       ///< the branch's head; empty if not certain
  std::string default_branch_;
};

}  // namespace slipway::git

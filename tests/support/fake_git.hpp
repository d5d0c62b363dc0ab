#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "git/remote.hpp"
#include "git/source_mirror.hpp"

namespace slipway::test {

/// An infra repository in memory: records what was pushed, and fails the way it is told to.
class FakeInfra final : public git::GitRemote {
 public:
  std::map<std::string, std::string> files;  ///< on the server's branch
  std::vector<git::NewCommit> pushed;        ///< in order
  int pushes = 0;                            ///< push operations that landed
  int fetches = 0;
  std::function<void()> before_push;         ///< somebody else, between our fetch and our push
  std::function<void()> on_fetch;            ///< what has happened on the server shows in the mirror from the next fetch on
  int races = 0;                             ///< so many pushes lose a race, whatever the head
  std::vector<git::CopyPush> copies;         ///< what becomes of the push to declared mirrors
  std::map<std::string, CommitSha> branches; ///< beside the hand-offs'
  std::string refuse;                        ///< words of a server that says no
  std::string protects;                      ///< a file that no push may touch
  std::string unreachable;                   ///< what an exchange with a server that is gone says
  bool loses_answer = false;                 ///< the next push lands, and nobody hears of it
  std::map<std::string, std::string> links;  ///< files that are no plain ones, and what reading them says

  /// Somebody else commits.
  void commit(const std::string& file, const std::string& bytes, const std::string& message = "") {
    files[file] = bytes;
    messages_[++version_] = message;
    snapshots_[version_] = files;
  }

  Task<CommitSha> head() override {
    if (known_ == 0) co_return co_await fetch();
    co_return sha(known_);
  }
  Task<CommitSha> fetch() override {
    if (!unreachable.empty()) throw Unavailable(unreachable);
    ++fetches;
    if (on_fetch) std::exchange(on_fetch, nullptr)();
    known_ = version_;
    snapshots_[version_] = files;
    co_return sha(version_);
  }
  Task<std::optional<std::string>> read(CommitSha at, std::string file) override {
    if (const auto link = links.find(file); link != links.end()) throw Refused(link->second);
    const auto& tree = snapshots_.at(number(at));
    const auto found = tree.find(file);
    if (found == tree.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<std::vector<std::pair<std::string, std::string>>> find_text(CommitSha, std::string needle, std::size_t, std::size_t) override {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [file, bytes] : files) {
      if (bytes.find(needle) != std::string::npos) found.emplace_back(file, bytes);
    }
    co_return found;
  }
  /// Of a proposed branch, and below it the hand-offs' own; what others committed has no message.
  Task<std::vector<git::LoggedCommit>> log(CommitSha at, std::size_t at_most) override {
    std::vector<git::LoggedCommit> commits;
    for (int number_at = number(at); commits.size() < at_most;) {
      git::LoggedCommit one;
      one.sha = sha(number_at);
      const auto known = proposed_.find(number_at);
      if (known != proposed_.end()) one.message = known->second.second;
      if (const auto own = messages_.find(number_at); own != messages_.end()) one.message = own->second;
      one.ours = known != proposed_.end() || ours_.contains(number_at);
      commits.push_back(one);
      if (number_at == 1) break;
      number_at = known == proposed_.end() ? number_at - 1 : known->second.first;
    }
    co_return commits;
  }
  Task<std::optional<CommitSha>> other_head(std::string branch) override {
    const auto found = branches.find(branch);
    if (found == branches.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<git::PushOutcome> propose(std::string branch, std::optional<CommitSha> there, CommitSha onto, std::vector<git::NewCommit> commits) override {
    if (!refuse.empty()) throw Refused(refuse);
    if (before_push) std::exchange(before_push, nullptr)();
    const auto found = branches.find(branch);
    const auto now = found == branches.end() ? std::nullopt : std::optional<CommitSha>(found->second);
    if (number(onto) != version_ || now != there) co_return git::Raced("stale info");
    std::vector<CommitSha> made;
    int parent = number(onto);
    for (auto& commit : commits) {
      auto tree = snapshots_.at(parent);
      for (const auto& [file, bytes] : commit.files) tree[file] = bytes;
      const int mine = ++last_proposed_;
      snapshots_[mine] = std::move(tree);
      proposed_[mine] = {parent, commit.message};
      parent = mine;
      made.push_back(sha(mine));
    }
    branches.insert_or_assign(branch, made.back());
    ++pushes;
    co_return git::Landed(std::move(made));
  }
  /// A file on a proposed branch.
  std::string proposed(const std::string& branch, const std::string& file) const {
    return snapshots_.at(number(branches.at(branch))).at(file);
  }
  /// Somebody merges a branch.
  void merge(const std::string& branch) {
    files = snapshots_.at(number(branches.at(branch)));
    ++version_;
  }
  std::vector<git::CopyHead> heads;          ///< of the declared mirrors
  Task<std::vector<git::CopyHead>> copy_heads() override { co_return heads; }
  Task<std::string> default_branch() override { co_return std::string("main"); }
  Task<git::PushOutcome> commit_and_push(CommitSha onto, std::vector<git::NewCommit> commits) override {
    if (!unreachable.empty()) throw Unavailable(unreachable);
    if (!refuse.empty()) throw Refused(refuse);
    for (const auto& commit : commits) {
      if (commit.files.contains(protects)) throw Refused("protected: " + protects);
    }
    if (before_push) std::exchange(before_push, nullptr)();
    if (races > 0) {
      --races;
      known_ = 0;
      co_return git::Raced("failed to update ref");
    }
    if (number(onto) != version_) {
      known_ = 0;
      co_return git::Raced("non-fast-forward");
    }
    std::vector<CommitSha> made;
    for (auto& commit : commits) {
      for (const auto& [file, bytes] : commit.files) files[file] = bytes;
      made.push_back(sha(++version_));
      messages_[version_] = commit.message;
      ours_.insert(version_);
      snapshots_[version_] = files;
      pushed.push_back(std::move(commit));
    }
    ++pushes;
    known_ = version_;
    if (std::exchange(loses_answer, false)) {
      known_ = 0;
      throw Unavailable("the connection was closed before the answer");
    }
    git::Landed landed(std::move(made));
    landed.copies = copies;
    co_return landed;
  }

 private:
  static CommitSha sha(int version) {
    std::string digits = std::to_string(version);
    return CommitSha(std::string(40 - digits.size(), '0') + digits);
  }
  static int number(const CommitSha& sha) { return std::stoi(sha.value()); }
  int version_ = 1;
  int last_proposed_ = 1000;
  std::map<int, std::pair<int, std::string>> proposed_;  ///< parent and message
  std::map<int, std::string> messages_;  ///< of the hand-offs' branch
  std::set<int> ours_;
  int known_ = 0;
  std::map<int, std::map<std::string, std::string>> snapshots_;
};

/// A source repository in memory: a history in which each commit names its parents.
class FakeSources final : public git::SourceMirror {
 public:
  std::map<CommitSha, std::vector<CommitSha>> parents;
  std::map<std::string, CommitSha> heads;  ///< ref → commit
  std::vector<ChangedCommit> changes;      ///< what changed() answers
  std::vector<std::pair<CommitSha, CommitSha>> compared;  ///< what changed() was asked for
  int fetches = 0, refusals = 0;
  std::string unreachable;
  std::optional<RepoName> gone;            ///< the one that the server refuses to show
  std::optional<RepoName> broken;          ///< the one whose history cannot be read
  std::function<void()> on_fetch;          ///< what happens on the server shows in the mirror from the next fetch on
  std::function<Task<>()> after_fetch;     ///< what happens before the caller goes on, and does not show in the mirror

  /// `name` repeated to 40 digits: a commit that is easy to recognise.
  static CommitSha named(char name) { return CommitSha(std::string(40, name)); }
  /// Adds a commit and moves main to it.
  CommitSha add(char name, std::vector<CommitSha> onto) {
    parents[named(name)] = std::move(onto);
    return heads["refs/heads/main"] = named(name);
  }

  Task<> fetch(RepoName repository) override {
    if (!unreachable.empty()) throw Unavailable(unreachable);
    if (repository == gone) {
      ++refusals;
      throw Refused("404: there is no repository " + repository.value());
    }
    ++fetches;
    if (on_fetch) std::exchange(on_fetch, nullptr)();
    const auto happens = std::exchange(after_fetch, nullptr);  // it outlives its task
    if (!happens) co_return;
    auto happening = happens();
    co_await std::move(happening);
  }
  Task<bool> contains(RepoName, CommitSha commit) override { co_return parents.contains(commit); }
  Task<std::optional<CommitSha>> head(RepoName, std::string ref) override {
    const auto found = heads.find(ref);
    if (found == heads.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<bool> on_branch(RepoName, CommitSha commit, std::string ref) override {
    const auto found = heads.find(ref);
    co_return found != heads.end() && (found->second == commit || reaches(found->second, commit));
  }
  Task<std::optional<CommitSha>> find_commit(RepoName, std::string prefix) override {
    for (const auto& [commit, onto] : parents) {
      if (commit.value().starts_with(prefix)) co_return commit;
    }
    co_return std::nullopt;
  }
  Task<bool> is_ancestor(RepoName repository, CommitSha older, CommitSha newer) override {
    if (repository == broken) throw Unavailable("the mirror of " + repository.value() + " is damaged");
    co_return older != newer && reaches(newer, older);
  }
  Task<bool> share_newer(RepoName, CommitSha commit, CommitSha one, CommitSha other) override {
    for (const auto& [newer, onto] : parents) {
      const bool in_one = newer == one || reaches(one, newer);
      const bool in_other = newer == other || reaches(other, newer);
      if (in_one && in_other && newer != commit && reaches(newer, commit)) co_return true;
    }
    co_return false;
  }
  Task<git::Ancestry> ancestry(RepoName, CommitSha commit, std::vector<CommitSha> others) override {
    git::Ancestry known;
    others.push_back(commit);
    for (const auto& older : others) {
      for (const auto& newer : others) {
        if (older != newer && reaches(newer, older)) known.add(older, newer);
      }
    }
    co_return known;
  }
  Task<std::vector<CommitSha>> first_parents(RepoName, std::string, std::size_t) override { co_return std::vector<CommitSha>(); }
  Task<Clock::time_point> commit_time(RepoName, CommitSha) override { co_return Clock::time_point(); }
  Task<std::vector<ChangedCommit>> changed(RepoName, CommitSha before, CommitSha after, std::size_t) override {
    compared.emplace_back(before, after);
    co_return changes;
  }
  Task<bool> fetch_commit(RepoName, CommitSha) override { co_return false; }
  Task<Result<void>> checkout(RepoName, CommitSha, std::filesystem::path, git::CheckoutOptions) override { co_return Result<void>(); }

 private:
  bool reaches(const CommitSha& from, const CommitSha& to) const {
    const auto found = parents.find(from);
    if (found == parents.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(), [&](const CommitSha& parent) { return parent == to || reaches(parent, to); });
  }
};

}  // namespace slipway::test

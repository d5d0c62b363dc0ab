#include "git/history.hpp"

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "git/bare.hpp"
#include "git/failure.hpp"

namespace slipway::git {
namespace {

/// Replaces each byte that is not valid UTF-8 by U+FFFD, as in Gitea's payloads (Go's encoding/json).
std::string as_gitea_writes(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    std::size_t length = 1;
    const auto lead = static_cast<unsigned char>(path.front());
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    const auto part = path.substr(0, length);
    if ((lead < 0x80 || length > 1) && part.size() == length && is_utf8(part)) {
      text += part;
      path.remove_prefix(length);
    } else {
      text += "\xEF\xBF\xBD";
      path.remove_prefix(1);
    }
  }
  return text;
}

Tree tree_of(git_commit* commit) {
  git_tree* tree = nullptr;
  require(::git_commit_tree(&tree, commit), "reading a commit's tree");
  return Tree(tree);
}

/// Adds the paths that differ between two trees, classified as Gitea does; a null tree is empty.
void add_difference(git_repository* repository, git_tree* from, git_tree* to, ChangedCommit& into) {
  git_diff_options options;
  ::git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK;
  options.ignore_submodules = GIT_SUBMODULE_IGNORE_NONE;
  git_diff* made = nullptr;
  require(::git_diff_tree_to_tree(&made, repository, from, to, &options), "comparing two trees");
  const Diff diff(made);
  const std::size_t count = ::git_diff_num_deltas(diff.get());
  for (std::size_t i = 0; i < count; ++i) {
    const git_diff_delta* delta = ::git_diff_get_delta(diff.get(), i);
    switch (delta->status) {
      case GIT_DELTA_ADDED: into.added.push_back(as_gitea_writes(delta->new_file.path)); break;
      case GIT_DELTA_DELETED: into.removed.push_back(as_gitea_writes(delta->old_file.path)); break;
      default: into.modified.push_back(as_gitea_writes(delta->new_file.path)); break;  // content, mode, type
    }
  }
}

Person person(const git_signature* who) { return Person(who->name, who->email); }

ChangedCommit against_first_parent(git_repository* repository, const git_oid& oid) {
  ChangedCommit changed;
  changed.id = sha_of(oid);
  const auto commit = commit_at(repository, changed.id);
  changed.message = ::git_commit_message(commit.get());
  changed.author = person(::git_commit_author(commit.get()));
  changed.committer = person(::git_commit_committer(commit.get()));
  git_commit* parent = nullptr;
  if (::git_commit_parentcount(commit.get()) > 0) require(::git_commit_parent(&parent, commit.get(), 0), "reading a parent commit");
  const Commit first(parent);
  const Tree old = parent ? tree_of(parent) : Tree();
  add_difference(repository, old.get(), tree_of(commit.get()).get(), changed);
  return changed;
}

ChangedCommit tree_difference(git_repository* repository, const CommitSha& before, const CommitSha& after) {
  ChangedCommit changed;
  changed.id = after;
  const Tree old = has_commit(repository, before) ? tree_at(repository, before) : Tree();
  add_difference(repository, old.get(), tree_at(repository, after).get(), changed);
  return changed;
}

Revwalk walk_from(git_repository* repository) {
  git_revwalk* walk = nullptr;
  require(::git_revwalk_new(&walk, repository), "walking the history");
  // Sorting by time alone, libgit2 misorders commits of the same second, as made by a rebase; git, and so Gitea, lists children first.
  ::git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  return Revwalk(walk);
}

}  // namespace

bool is_ancestor(git_repository* repository, const CommitSha& older, const CommitSha& newer) {
  if (older == newer || !has_commit(repository, older) || !has_commit(repository, newer)) return false;
  const git_oid from = oid_of(older), to = oid_of(newer);
  const int answer = ::git_graph_descendant_of(repository, &to, &from);
  require(answer, "comparing commits " + older.value() + " and " + newer.value());
  return answer == 1;
}

bool share_newer(git_repository* repository, const CommitSha& commit, const CommitSha& one, const CommitSha& other) {
  if (!has_commit(repository, one) || !has_commit(repository, other)) return false;
  // Everything that two commits share is reachable from their merge bases.
  const git_oid first = oid_of(one), second = oid_of(other);
  git_oidarray found{};
  const int answer = ::git_merge_bases(&found, repository, &first, &second);
  if (answer == GIT_ENOTFOUND) return false;
  require(answer, "looking for what " + one.value() + " and " + other.value() + " have in common");
  const std::unique_ptr<git_oidarray, decltype(&::git_oidarray_dispose)> bases(&found, &::git_oidarray_dispose);
  return std::any_of(bases->ids, bases->ids + bases->count,
                     [&](const git_oid& base) { return is_ancestor(repository, commit, sha_of(base)); });
}

std::optional<CommitSha> find_commit(git_repository* repository, const std::string& prefix) {
  git_oid oid{};
  if (prefix.size() < 4 || ::git_oid_fromstrn(&oid, prefix.c_str(), prefix.size()) != 0) return std::nullopt;
  git_commit* commit = nullptr;
  if (::git_commit_lookup_prefix(&commit, repository, &oid, prefix.size()) != 0) return std::nullopt;
  const Commit owner(commit);
  return sha_of(*::git_commit_id(commit));
}

Ancestry ancestry(git_repository* repository, const CommitSha& commit, const std::vector<CommitSha>& others) {
  Ancestry known;
  std::vector<CommitSha> all = others;
  all.push_back(commit);
  for (const auto& newer : all) {
    for (const auto& older : all) {
      if (is_ancestor(repository, older, newer)) known.add(older, newer);
    }
  }
  return known;
}

std::vector<CommitSha> first_parents(git_repository* repository, const std::string& ref, std::size_t at_most) {
  std::vector<CommitSha> line;
  auto at = reference(repository, ref);
  while (at && line.size() < at_most) {
    line.push_back(*at);
    const auto commit = commit_at(repository, *at);
    at.reset();
    if (::git_commit_parentcount(commit.get()) > 0) at = sha_of(*::git_commit_parent_id(commit.get(), 0));
  }
  return line;
}

std::vector<ChangedCommit> changed(git_repository* repository, const CommitSha& before, const CommitSha& after, std::size_t limit) {
  std::vector<ChangedCommit> commits;
  if (before == after) return commits;
  const bool has_base = has_commit(repository, before);
  const auto walk = walk_from(repository);
  const git_oid tip = oid_of(after);
  require(::git_revwalk_push(walk.get(), &tip), "walking the history from " + after.value());
  if (has_base) {
    const git_oid base = oid_of(before);
    require(::git_revwalk_hide(walk.get(), &base), "walking the history to " + before.value());
  }
  bool complete = has_base && is_ancestor(repository, before, after);
  for (git_oid oid{}; ::git_revwalk_next(&oid, walk.get()) == 0;) {
    if (commits.size() == limit) {
      complete = false;
      break;
    }
    commits.push_back(against_first_parent(repository, oid));
  }
  if (!complete) commits.push_back(tree_difference(repository, before, after));
  return commits;
}

}  // namespace slipway::git

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "git/handles.hpp"
#include "git/source_mirror.hpp"
#include "model/delivery.hpp"

namespace slipway::git {

// Questions about history, answered from a mirror as last fetched. Blocking; any thread, with a repository of its own.

/// True when `older` is a proper ancestor of `newer`; false where one of them is unknown.
bool is_ancestor(git_repository* repository, const CommitSha& older, const CommitSha& newer);
/// SourceMirror::share_newer.
bool share_newer(git_repository* repository, const CommitSha& commit, const CommitSha& one, const CommitSha& other);
/// The one commit that begins with these digits; nothing for none, several, or another kind of object.
std::optional<CommitSha> find_commit(git_repository* repository, const std::string& prefix);
/// How `commit` and each of the others stand to each other, and the others among themselves. Walks the history once.
Ancestry ancestry(git_repository* repository, const CommitSha& commit, const std::vector<CommitSha>& others);

/// SourceMirror::first_parents.
std::vector<CommitSha> first_parents(git_repository* repository, const std::string& ref, std::size_t at_most);

/// SourceMirror::changed.
std::vector<ChangedCommit> changed(git_repository* repository, const CommitSha& before, const CommitSha& after, std::size_t limit);

}  // namespace slipway::git

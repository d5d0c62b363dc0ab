#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "git/handles.hpp"
#include "git/source_mirror.hpp"
#include "model/delivery.hpp"

namespace slipway::git {

// Queries on a mirror's history, as of the last fetch. Blocking; any thread, each with its own git_repository.

/// True if `older` is a proper ancestor of `newer`; false if either is unknown.
bool is_ancestor(git_repository* repository, const CommitSha& older, const CommitSha& newer);
/// SourceMirror::share_newer.
bool share_newer(git_repository* repository, const CommitSha& commit, const CommitSha& one, const CommitSha& other);
/// The one commit whose id starts with `prefix`; nothing if there is none, several, or it is another kind of object.
std::optional<CommitSha> find_commit(git_repository* repository, const std::string& prefix);
/// The ancestor relations between `commit` and `others`, and among `others`.
Ancestry ancestry(git_repository* repository, const CommitSha& commit, const std::vector<CommitSha>& others);

/// SourceMirror::first_parents.
std::vector<CommitSha> first_parents(git_repository* repository, const std::string& ref, std::size_t at_most);

/// SourceMirror::changed.
std::vector<ChangedCommit> changed(git_repository* repository, const CommitSha& before, const CommitSha& after, std::size_t limit);

}  // namespace slipway::git

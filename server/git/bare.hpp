#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "git/handles.hpp"
#include "git/remote.hpp"
#include "model/settings.hpp"

namespace slipway::git {

// Reading and writing a bare repository without a work tree. Blocking; throws as require() does.

git_oid oid_of(const CommitSha& sha);
CommitSha sha_of(const git_oid& oid);

/// Opens a bare repository, or makes an empty one; one that can not be opened is removed and made anew: a mirror is only a cache.
Repository open_mirror(const std::filesystem::path& folder);
/// True with thousands of loose objects, or hundreds of packs: every look-up pays for them.
bool has_grown_old(const std::filesystem::path& folder);
/// Removes the lock files that a process left behind when it was killed. Only for a folder that nobody else works in.
void clear_locks(const std::filesystem::path& folder);
/// Opens one that exists.
Repository open_bare(const std::filesystem::path& folder);

/// Unavailable for a commit that the repository does not have.
Commit commit_at(git_repository* repository, const CommitSha& sha);
Tree tree_at(git_repository* repository, const CommitSha& sha);
bool has_commit(git_repository* repository, const CommitSha& sha);
std::optional<CommitSha> reference(git_repository* repository, const std::string& ref);
void set_reference(git_repository* repository, const std::string& ref, const git_oid& oid);

/// A path as trees have it: no empty part, `.`, `..`, `.git`, backslash or NUL; not absolute.
bool is_plain_path(const std::string& path) noexcept;

/// A plain file's bytes; nothing where there is none of that name. Refused for links, submodules, folders and odd paths.
std::optional<std::string> read_file(git_repository* repository, const git_tree* tree, const std::string& file);

/// Every YAML file below `bytes_max` that holds `needle`, with its bytes; at most `files_max` files are looked at.
std::vector<std::pair<std::string, std::string>> find_text(git_repository* repository, const git_tree* tree, const std::string& needle,
                                                           std::size_t files_max, std::size_t bytes_max);

/// The newest commits up to `at`, newest first.
std::vector<LoggedCommit> log_of(git_repository* repository, const CommitSha& at, std::size_t at_most);

/// A commit of `tip` and not of `base` that is by another committer, or says of no run that it is its hand-off: its id and subject.
/// Merges are passed over: they bring what is elsewhere too.
std::optional<std::string> foreign_commit(git_repository* repository, const CommitSha& tip, const CommitSha& base, const Identity& committer);

/// The tree with these files' bytes put in place; modes of files that exist stay.
Tree with_files(git_repository* repository, const git_tree* tree, const std::map<std::string, std::string>& files);

}  // namespace slipway::git

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

/// Opens a bare repository, or creates an empty one. One that cannot be opened is deleted and recreated: a mirror is only a cache.
Repository open_mirror(const std::filesystem::path& folder);
/// True with thousands of loose objects or hundreds of packs, which slow down every look-up.
bool has_grown_old(const std::filesystem::path& folder);
/// Removes lock files left by a killed process. Only for a folder that nobody else works in.
void clear_locks(const std::filesystem::path& folder);
/// Opens an existing bare repository.
Repository open_bare(const std::filesystem::path& folder);

/// Throws Unavailable for a commit that the repository does not have.
Commit commit_at(git_repository* repository, const CommitSha& sha);
Tree tree_at(git_repository* repository, const CommitSha& sha);
bool has_commit(git_repository* repository, const CommitSha& sha);
std::optional<CommitSha> reference(git_repository* repository, const std::string& ref);
void set_reference(git_repository* repository, const std::string& ref, const git_oid& oid);

/// Whether a path is plain, as in a tree: relative, with no empty part, `.`, `..`, `.git`, backslash or NUL.
bool is_plain_path(const std::string& path) noexcept;

/// A plain file's bytes; nothing if there is no such file. Refused for links, submodules, folders and paths that are not plain.
std::optional<std::string> read_file(git_repository* repository, const git_tree* tree, const std::string& file);

/// Path and bytes of every YAML file of at most `bytes_max` bytes that contains `needle`. Examines at most `files_max` files.
std::vector<std::pair<std::string, std::string>> find_text(git_repository* repository, const git_tree* tree, const std::string& needle,
                                                           std::size_t files_max, std::size_t bytes_max);

/// The history of `at`, newest first; `ours` are the commits of `committer`.
std::vector<LoggedCommit> log_of(git_repository* repository, const CommitSha& at, std::size_t at_most, const Identity& committer);

/// Id, subject and committer of a commit in `tip` but not in `base` that is not a hand-off by `committer` (another committer, or no
/// `Slipway-Run` trailer); nothing if there is none. Merges are skipped: their content exists elsewhere too.
std::optional<std::string> foreign_commit(git_repository* repository, const CommitSha& tip, const CommitSha& base, const Identity& committer);

/// The tree with these files (path to bytes) written into it; existing files keep their modes.
Tree with_files(git_repository* repository, const git_tree* tree, const std::map<std::string, std::string>& files);

}  // namespace slipway::git

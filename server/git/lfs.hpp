#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "git/address.hpp"
#include "io/process.hpp"

namespace slipway::git {

// Git LFS: the pointers that a tree contains instead of large files, and fetching the files into a mirror's `lfs/objects` by git-lfs.

/// A pointer in a tree that stands for a large file (git-lfs docs/spec.md).
struct LfsPointer {
  LfsPointer() = default;
  LfsPointer(std::string where, std::string sha256, std::uint64_t bytes) : path(std::move(where)), oid(std::move(sha256)), size(bytes) {}
  std::string path;  ///< from the checkout's root
  std::string oid;   ///< 64 hexadecimal digits
  std::uint64_t size = 0;
  bool operator==(const LfsPointer&) const = default;
};

/// Parses a file's bytes as a pointer; nothing for any other file, or for a damaged pointer.
std::optional<LfsPointer> lfs_pointer(const std::string& path, std::string_view bytes);
/// True if the bytes start like a pointer and are short enough to be one; it may be damaged.
bool looks_like_lfs_pointer(std::string_view bytes);

/// The command that fetches the objects for a commit's pointers below `context`. Its environment carries the login, valid for this
/// server only. Reads the credentials: blocking.
io::Command lfs_fetch(const std::filesystem::path& mirror, const std::string& url, const Access& access, const CommitSha& commit, const std::string& context);
/// True if git-lfs's error output indicates an unreachable server, so that a retry may help.
bool is_lfs_network_trouble(std::string_view words);

/// Replaces the pointers in `folder` by copies of the mirror's objects, keeping permissions. An error if an object is missing.
/// Blocking.
Result<void> fill_lfs_pointers(const std::filesystem::path& mirror, const std::filesystem::path& folder, const std::vector<LfsPointer>& pointers);

}  // namespace slipway::git

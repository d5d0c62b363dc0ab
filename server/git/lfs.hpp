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

// Git LFS: what a tree holds instead of large files, and how git-lfs fetches those into a mirror, below `lfs/objects`.

/// A file of a tree that stands for another one (git-lfs docs/spec.md).
struct LfsPointer {
  LfsPointer() = default;
  LfsPointer(std::string where, std::string sha256, std::uint64_t bytes) : path(std::move(where)), oid(std::move(sha256)), size(bytes) {}
  std::string path;  ///< from the checkout's root
  std::string oid;   ///< 64 hexadecimal digits
  std::uint64_t size = 0;
  bool operator==(const LfsPointer&) const = default;
};

/// What a file's bytes say when they are a pointer; nothing for every other file, a damaged pointer among them.
std::optional<LfsPointer> lfs_pointer(const std::string& path, std::string_view bytes);
/// True for what begins as a pointer does, and is as short.
bool looks_like_lfs_pointer(std::string_view bytes);

/// The command that fetches what a commit's pointers below `context` stand for. The login is in its environment, for this server
/// alone. Reads the credentials: blocking.
io::Command lfs_fetch(const std::filesystem::path& mirror, const std::string& url, const Access& access, const CommitSha& commit, const std::string& context);
/// True where the last words of git-lfs speak of a server that could not be reached, so that another try may help.
bool is_lfs_network_trouble(std::string_view words);

/// Writes the objects of the mirror over their pointers in `folder`, permissions kept: each file is a copy of its own. An error for
/// an object that is not there. Blocking.
Result<void> fill_lfs_pointers(const std::filesystem::path& mirror, const std::filesystem::path& folder, const std::vector<LfsPointer>& pointers);

}  // namespace slipway::git

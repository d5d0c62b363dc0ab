#pragma once

#include <filesystem>
#include <string>

#include "base/id.hpp"
#include "base/result.hpp"

namespace slipway::build {

/// The folders that one run has for itself, mode 0700: home, temporary files, the registry's login, results. Removed when
/// destroyed; call remove() where blocking is allowed, since a check may have written a hundred thousand files.
class Workspace {
 public:
  /// Those of `run` are to be in `folder`.
  Workspace(const std::filesystem::path& folder, RunId run);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { remove(); }
  /// Makes them, and removes what an earlier run of this number left.
  void make();
  void remove() noexcept;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path home() const { return path_ / "home"; }
  std::filesystem::path tmp() const { return path_ / "tmp"; }
  std::filesystem::path out() const { return path_ / "out"; }
  std::filesystem::path check() const { return path_ / "check"; }
  std::filesystem::path docker_config() const { return path_ / "docker" / "config.json"; }
  std::filesystem::path registries_conf() const { return path_ / "registries.conf"; }

 private:
  std::filesystem::path path_;
};

/// A file's bytes; empty where it can not be read.
std::string read_if_there(const std::filesystem::path& file);

/// Writes a file that only its owner can read. Throws Unavailable where it can not.
void write_private(const std::filesystem::path& file, const std::string& bytes);

/// `path` below `root` as the file system has it, every link followed; an error where it does not exist or leads outside.
Result<std::filesystem::path> inside(const std::filesystem::path& root, const std::filesystem::path& path);

/// Copies a tree: files, folders, links as links; never as hard links. Throws Unavailable where the disk does
/// not take it.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace slipway::build

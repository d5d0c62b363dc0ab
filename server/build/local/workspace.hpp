#pragma once

#include <filesystem>
#include <string>

#include "base/id.hpp"
#include "base/result.hpp"

namespace slipway::build {

/// One run's private folders, mode 0700: home, temporary files, the registry's login, results. The destructor removes them; call
/// remove() before where blocking is allowed, since a check may have written a hundred thousand files.
class Workspace {
 public:
  /// The workspace is `folder/run-N`; not created yet.
  Workspace(const std::filesystem::path& folder, RunId run);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { remove(); }
  /// Creates the folders, removing anything an earlier start left.
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

/// A file's bytes; empty if it cannot be read.
std::string read_if_there(const std::filesystem::path& file);

/// Writes a file with mode 0600. Throws Unavailable on failure.
void write_private(const std::filesystem::path& file, const std::string& bytes);

/// Resolves `path` below `root`, following all links; an error if it does not exist or leads outside.
Result<std::filesystem::path> inside(const std::filesystem::path& root, const std::filesystem::path& path);

/// Copies a tree: files (never as hard links), folders, and links as links. Throws Unavailable on failure. Blocking.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace slipway::build

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "build/local/builder.hpp"
#include "build/local/skeleton.hpp"

namespace slipway::build {

/// The part of this machine's files that a builder sees: programs, certificates, user and host names, harmless devices, and the
/// folders shown to it. Needed because Debian's buildah follows links of the repository and of a stage in `RUN --mount=type=bind`, and
/// `..` in a cache's id, through which a Dockerfile could read the daemon's secrets and write the machine's files.
/// The mounts are made in the builder's own mount namespace, and vanish with it.
class View {
 public:
  /// The view's root is `folder / "root"`, which is kept for reuse by the next view there.
  explicit View(std::filesystem::path folder);

  /// Shows a file or folder, read-only or writable, at its own path or at `where`. Ignored if it does not exist.
  void show(const std::filesystem::path& path);
  void show_writable(const std::filesystem::path& path);
  void show_writable(const std::filesystem::path& path, const std::filesystem::path& where);

  /// Creates the root's folders and the mount table, undoing anything an earlier builder changed. Throws Unavailable on failure.
  void lay_out() const;
  /// Wraps `argv` to run in the view, in `directory`. Must be started in its own mount namespace, which it modifies.
  Argv command(const Argv& argv, const std::filesystem::path& directory) const;
  /// The mount table, as lines of fstab(5).
  const std::vector<std::string>& table() const noexcept { return table_; }

 private:
  void show_system();
  void show_name(const std::filesystem::path& path);
  void show_devices();
  void add(const std::string& source, const std::filesystem::path& where, const std::string& type, const std::string& options);
  void bind(const std::filesystem::path& path, const std::filesystem::path& where, const std::string& options);
  void lay_out_anew() const;
  bool is_shown(const std::filesystem::path& below) const;

  std::filesystem::path folder_, root_;
  std::vector<std::string> table_;
  Skeleton skeleton_;                      ///< files and folders of the root
  std::set<std::filesystem::path> shown_;  ///< mounted folders, relative to the root
};

/// True if a view shows this program.
bool is_in_view(const std::filesystem::path& program);

}  // namespace slipway::build

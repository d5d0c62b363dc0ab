#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "build/local/builder.hpp"
#include "build/local/skeleton.hpp"

namespace slipway::build {

/// What of this machine a builder sees: its programs, certificates, names of users and hosts, harmless devices, and the folders
/// that it is shown. Debian's buildah follows links of the repository and of a stage in `RUN --mount=type=bind`, and `..` in a
/// cache's id; a Dockerfile would read the daemon's secrets and write the machine's files by them.
/// The mounts are made in the builder's own mount namespace, and go with it.
class View {
 public:
  /// Its root is to be `folder / "root"`, which is kept for the next view that is laid out there.
  explicit View(std::filesystem::path folder);

  /// Shows a file or folder, only to be read or to be written, at its own path or at `where`. One that is not there is passed over.
  void show(const std::filesystem::path& path);
  void show_writable(const std::filesystem::path& path);
  void show_writable(const std::filesystem::path& path, const std::filesystem::path& where);

  /// Makes the root's folders and the table of mounts, as if nobody had been there before. Throws Unavailable where it can not.
  void lay_out() const;
  /// A command that runs in it, in `directory`; for a mount namespace that may be changed.
  Argv command(const Argv& argv, const std::filesystem::path& directory) const;
  /// The lines of the table, as in fstab(5).
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
  Skeleton skeleton_;                      ///< of the root
  std::set<std::filesystem::path> shown_;  ///< folders that are mounted, relative to the root
};

/// True where a view shows this program.
bool is_in_view(const std::filesystem::path& program);

}  // namespace slipway::build

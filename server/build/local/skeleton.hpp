#pragma once

#include <filesystem>
#include <map>
#include <set>

namespace slipway::build {

/// A small tree of folders, empty files, copies of files, and links. It is kept on disk and brought up to date, because creating a
/// file may take a millisecond, checking one a microsecond. Paths are relative to the tree's root.
class Skeleton {
 public:
  /// A folder, and its parents.
  void folder(const std::filesystem::path& path, std::filesystem::perms mode = common);
  /// An empty file, as a mount point.
  void file(const std::filesystem::path& path);
  void copy(const std::filesystem::path& path, const std::filesystem::path& source);
  void link(const std::filesystem::path& path, const std::filesystem::path& target);

  /// Creates what is missing below `root`, and replaces or removes anything changed or not part of the tree: the result is like a new
  /// tree, whoever has written to it. Throws std::filesystem::filesystem_error.
  void bring_up_to_date(const std::filesystem::path& root) const;

 private:
  enum class Kind { folder, file, copy, link };
  struct Node {
    Kind kind = Kind::folder;
    std::filesystem::path source;  ///< source of a copy, or target of a link
    std::filesystem::perms mode = common;
  };
  static constexpr auto common = static_cast<std::filesystem::perms>(0755);
  void add(const std::filesystem::path& path, Node node);
  /// Removes what differs from the tree in the folder `root / inner`; adds the paths that stay to `there`.
  void clear(const std::filesystem::path& root, const std::filesystem::path& inner, std::set<std::filesystem::path>& there) const;
  static bool is_as_wanted(const std::filesystem::path& path, const Node& node);
  static void make(const std::filesystem::path& path, const Node& node);

  std::map<std::filesystem::path, Node> nodes_;  ///< sorted: folders before their contents
};

}  // namespace slipway::build

#pragma once

#include <filesystem>
#include <map>
#include <set>

namespace slipway::build {

/// A small tree of folders, empty files, copies of files, and links, which is kept on disk and brought up to date: making a file
/// costs a file system up to a millisecond, looking at one a microsecond. Paths are relative to the tree's root.
class Skeleton {
 public:
  /// A folder, and those above it.
  void folder(const std::filesystem::path& path, std::filesystem::perms mode = common);
  /// An empty file, to be mounted on.
  void file(const std::filesystem::path& path);
  void copy(const std::filesystem::path& path, const std::filesystem::path& source);
  void link(const std::filesystem::path& path, const std::filesystem::path& target);

  /// Makes what is missing below `root`, and removes what is not of the tree or has been changed: a tree of which nobody knows who
  /// wrote in it ends like a new one. Throws std::filesystem::filesystem_error.
  void bring_up_to_date(const std::filesystem::path& root) const;

 private:
  enum class Kind { folder, file, copy, link };
  struct Node {
    Kind kind = Kind::folder;
    std::filesystem::path source;  ///< of a copy, or what a link says
    std::filesystem::perms mode = common;
  };
  static constexpr auto common = static_cast<std::filesystem::perms>(0755);
  void add(const std::filesystem::path& path, Node node);
  /// Removes what is not as it should be in the folder `root / inner`; `there` gets the paths that stay.
  void clear(const std::filesystem::path& root, const std::filesystem::path& inner, std::set<std::filesystem::path>& there) const;
  static bool is_as_wanted(const std::filesystem::path& path, const Node& node);
  static void make(const std::filesystem::path& path, const Node& node);

  std::map<std::filesystem::path, Node> nodes_;  ///< a folder comes before what is in it
};

}  // namespace slipway::build

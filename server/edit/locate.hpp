#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "edit/edit.hpp"
#include "edit/path.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

/// How far a path leads into a document.
struct Place {
  std::size_t document = 0;
  /// The deepest node on the path that is there, aliases resolved.
  Tree::Id node = 0;
  /// How many steps lead to it: all of them where the path was found.
  std::size_t depth = 0;
  /// The alias on the path, or the value of the merge key (`<<`) the path runs through: editing would change other
  /// places.
  std::optional<Tree::Id> indirect;
  bool merged = false;  ///< `indirect` is a merge key's value
  /// The mapping whose own keys lack the last step, which only a merge key has: there it could be added.
  std::optional<Tree::Id> overridable;
  /// Why the path can not go on: there is no such step here for another reason than a missing key or item.
  std::optional<Error> blocked;
  /// `blocked` because there are several: the path is here, but means more than one node.
  bool ambiguous = false;
  /// Another document leads as far, and the path names none: where something is missing, either could get it.
  std::optional<std::size_t> rival;
  /// The scalars that decided where the path leads: keys, and values of `[name=web]`.
  std::vector<Tree::Id> trail;
};

/// Follows `path` into one document.
Place walk(const Tree& tree, std::size_t document, const Path& path, const std::string& file);

/// The document that `path` means, followed as far as it goes: the one it names, else the only one where it is found,
/// else the one where it leads furthest. An error where it is found in two, or names a document that is not there.
Result<Place> locate(const Tree& tree, const Path& path, const std::string& file);

/// The value of `key` in a mapping's own entries or, failing that, its merge keys.
struct Entry {
  std::optional<Tree::Id> key, value;
  std::optional<Tree::Id> duplicate;  ///< a second key that reads the same
  std::optional<Tree::Id> merged;     ///< the value of the merge key that brought it
};
Entry find_entry(const Tree& tree, Tree::Id mapping, std::string_view key);
/// The same without merge keys.
Entry find_own_entry(const Tree& tree, Tree::Id mapping, std::string_view key);

/// True where a node stands for nothing: empty, `~` or `null`, unless a tag says otherwise.
bool is_null(const Tree& tree, Tree::Id id);

/// What is missing at `place`, and the nearest key, item or path that does exist.
Error missing(const Tree& tree, const Place& place, const Path& path, const std::string& file);

}  // namespace slipway::edit

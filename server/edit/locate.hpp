#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "edit/edit.hpp"
#include "edit/path.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

/// How far a path leads in a document.
struct Place {
  std::size_t document = 0;
  /// The deepest existing node on the path, aliases resolved.
  Tree::Id node = 0;
  /// The number of steps that lead to it; all of them if the path was found.
  std::size_t depth = 0;
  /// The alias, or the value of the merge key (`<<`), that the path leads through: editing would change other places too.
  std::optional<Tree::Id> indirect;
  bool merged = false;  ///< `indirect` is a merge key's value
  /// Set if only a merge key has the last step: this mapping lacks a key of its own, which could be added here.
  std::optional<Tree::Id> overridable;
  /// Why the path cannot continue, if not because of a missing key or item.
  std::optional<Error> blocked;
  /// `blocked` because the path matches more than one node.
  bool ambiguous = false;
  /// Another document that the path leads into equally far, if the path names none: a missing key could be added to either.
  std::optional<std::size_t> rival;
  /// The scalars that decided where the path leads: keys, and the values of `[name=web]`.
  std::vector<Tree::Id> trail;
};

/// Follows `path` in one document.
Place walk(const Tree& tree, std::size_t document, const Path& path, const std::string& file);

/// Finds the document that `path` means and follows the path as far as possible: the document it names, else the only one that
/// contains it, else the one where it leads furthest. An error if two contain it, or if the named document does not exist.
Result<Place> locate(const Tree& tree, const Path& path, const std::string& file);

/// The entry of `key` in a mapping: its own, or else one from its merge keys.
struct Entry {
  std::optional<Tree::Id> key, value;
  std::optional<Tree::Id> duplicate;  ///< a second key that reads the same
  std::optional<Tree::Id> merged;     ///< the value of the merge key it came from
};
Entry find_entry(const Tree& tree, Tree::Id mapping, std::string_view key);
/// The same without merge keys.
Entry find_own_entry(const Tree& tree, Tree::Id mapping, std::string_view key);

/// True if a node means null: empty, `~` or `null`, unless a tag says otherwise.
bool is_null(const Tree& tree, Tree::Id id);

/// The error for what is missing at `place`; names the nearest existing key, item or path.
Error missing(const Tree& tree, const Place& place, const Path& path, const std::string& file);

}  // namespace slipway::edit

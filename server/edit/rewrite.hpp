#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "edit/edit.hpp"
#include "edit/locate.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

/// A node as seen by both parsers of a document. The pre-order list of events, with depths, represents the document.
struct Event {
  enum class Kind : std::uint8_t { null, scalar, alias, sequence, mapping };
  Kind kind = Kind::null;
  int depth = 0;
  std::size_t anchor = 0;  ///< anchor number, or 0; an alias has that of the node it refers to
  std::string tag;         ///< `?` for plain, `!` for quoted, or the explicit tag
  std::string text;
};

/// Replaces a byte range.
struct Splice {
  std::size_t begin = 0, end = 0;
  std::string text;
};

/// The effect of a splice on the nodes: replaces node `at`, or, if `removes` is false, inserts nodes before it.
struct Change {
  Tree::Id at = 0;
  bool removes = true;
  std::vector<Event> added;
};

/// One edit, as bytes and as nodes, plus the scalars that both parsers must agree on for the place to be right.
struct Rewrite {
  std::vector<Splice> splices;
  std::vector<Change> changes;
  std::vector<Tree::Id> trail;
};

/// Replaces the single value at a place that was found. No splices if it already reads as `value`.
Result<Rewrite> plan_replacement(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                                 const std::string& file);

/// Why nothing can be put at a node with `colon_glued`: parsers disagree about what its key is.
Error glued_colon(const Tree& tree, Tree::Id id, const std::string& file);

/// Adds what is missing at a place, down to the value.
Result<Rewrite> plan_creation(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                              const std::string& file);
/// The same for a file without any document.
Result<Rewrite> plan_first_document(std::string_view source, const Path& path, std::string_view value,
                                    const std::string& file);

/// Applies the splices, which must not overlap.
std::string apply(std::string_view source, std::vector<Splice> splices);

/// The tree's source after the rewrite, or an error unless the second parser agrees: before the edit it must see the
/// nodes of `tree` and the same texts on the trail, and afterwards exactly the changes.
Result<std::string> verified(const Tree& tree, Rewrite rewrite, const std::string& file);

}  // namespace slipway::edit

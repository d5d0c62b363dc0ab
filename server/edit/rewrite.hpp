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

/// What both readers of a document see of a node. A list of them in pre-order, with depths, is the document.
struct Event {
  enum class Kind : std::uint8_t { null, scalar, alias, sequence, mapping };
  Kind kind = Kind::null;
  int depth = 0;
  std::size_t anchor = 0;  ///< of an alias: what it stands for
  std::string tag;         ///< `?` plain, `!` quoted, or what is written
  std::string text;
};

/// Bytes to put in the place of others.
struct Splice {
  std::size_t begin = 0, end = 0;
  std::string text;
};

/// What that means for the document: the node `at` is replaced, or, with `removes` false, nodes are put before it.
struct Change {
  Tree::Id at = 0;
  bool removes = true;
  std::vector<Event> added;
};

/// One edit, as bytes and as nodes, and the scalars that both readers must agree on for it to be the right place.
struct Rewrite {
  std::vector<Splice> splices;
  std::vector<Change> changes;
  std::vector<Tree::Id> trail;
};

/// Replaces the single value at a place that was found. Nothing to splice where it already reads as `value`.
Result<Rewrite> plan_replacement(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                                 const std::string& file);

/// Why nothing can be put at a node with `colon_glued`: readers differ about what its key is.
Error glued_colon(const Tree& tree, Tree::Id id, const std::string& file);

/// Adds what is missing at a place, down to the value.
Result<Rewrite> plan_creation(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                              const std::string& file);
/// The same for a file without any document.
Result<Rewrite> plan_first_document(std::string_view source, const Path& path, std::string_view value,
                                    const std::string& file);

/// The bytes after the splices, which do not overlap.
std::string apply(std::string_view source, std::vector<Splice> splices);

/// The tree's source after the rewrite. The second reader has read both: it must see the nodes of `tree` before, the
/// same texts on the trail, and afterwards exactly the changes.
Result<std::string> verified(const Tree& tree, Rewrite rewrite, const std::string& file);

}  // namespace slipway::edit

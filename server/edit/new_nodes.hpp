#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edit/path.hpp"
#include "edit/rewrite.hpp"
#include "edit/tree.hpp"

// Builds the nodes for the missing steps of a path, as text in the style of the surrounding file and as events.

namespace slipway::edit {

using Steps = std::span<const Step>;

/// True if the steps are keys, or items `[name=web]` followed by a further key; nothing else can be created.
bool can_be_made(Steps steps);

/// A file's block style.
struct Habit {
  std::string line_break = "\n";
  std::size_t step = 2;           ///< additional indentation of a nested mapping
  std::size_t sequence_step = 2;  ///< additional indentation of a sequence's dashes below its key
};
Habit habit_of(const Tree& tree);

/// Lines for a block collection whose keys or dashes are at `column`; the first line is not indented and the last has no line break.
std::string block_text(Steps steps, std::string_view value, std::size_t column, const Habit& habit);

/// The style of a flow collection.
struct FlowHabit {
  bool quote_keys = false;
  std::string colon = ": ";
};

/// An entry of a flow mapping or sequence.
std::string flow_entry(Steps steps, std::string_view value, const FlowHabit& habit);
/// The same in brackets of its own; without steps just the value.
std::string flow_value(Steps steps, std::string_view value, const FlowHabit& habit);

/// The events of the steps' nodes; the first, a key or an item, is at `depth`.
std::vector<Event> entry_events(Steps steps, std::string_view value, int depth);
/// The events of a collection at `depth` and the nodes it contains.
std::vector<Event> collection_events(Steps steps, std::string_view value, int depth);

}  // namespace slipway::edit

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edit/path.hpp"
#include "edit/rewrite.hpp"
#include "edit/tree.hpp"

// The nodes that the missing steps of a path become, as text in the manner of the file around them and as events.

namespace slipway::edit {

using Steps = std::span<const Step>;

/// Only keys can be made, and items `[name=web]` that get a further key.
bool can_be_made(Steps steps);

/// How a file is written.
struct Habit {
  std::string line_break = "\n";
  std::size_t step = 2;           ///< a nested mapping is indented by so much more
  std::size_t sequence_step = 2;  ///< the dashes of a sequence below its key
};
Habit habit_of(const Tree& tree);

/// Lines for a block collection whose keys or dashes stand at `column`: the first without its indentation, the last
/// without its line break.
std::string block_text(Steps steps, std::string_view value, std::size_t column, const Habit& habit);

/// How a flow collection is written.
struct FlowHabit {
  bool quote_keys = false;
  std::string colon = ": ";
};

/// An entry of a flow mapping or sequence.
std::string flow_entry(Steps steps, std::string_view value, const FlowHabit& habit);
/// The same in brackets of its own; without steps only the value.
std::string flow_value(Steps steps, std::string_view value, const FlowHabit& habit);

/// The nodes that the steps become, the first of them a key or an item at `depth`.
std::vector<Event> entry_events(Steps steps, std::string_view value, int depth);
/// The collection at `depth` that holds them, and they.
std::vector<Event> collection_events(Steps steps, std::string_view value, int depth);

}  // namespace slipway::edit

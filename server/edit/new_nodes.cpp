#include "edit/new_nodes.hpp"

#include <fmt/format.h>

#include "edit/scalar.hpp"

namespace slipway::edit {

namespace {

// YAML readers look for the `:` after a key within 1024 characters only (7.4.2).
bool is_too_long(std::string_view key) {
  return in_quotes(key).size() > 1000;
}

std::string flow_key(std::string_view key, const FlowHabit& habit) {
  return (habit.quote_keys ? in_quotes(key) : plain_or_in_quotes(key)) + habit.colon;
}

Event event(Event::Kind kind, int depth, std::string_view text = "") {
  Event made;
  made.kind = kind;
  made.depth = depth;
  made.text = text;
  return made;
}

void add_events(Steps steps, std::string_view value, int depth, std::vector<Event>& out) {
  if (const auto* match = std::get_if<Match>(&steps[0])) {
    out.push_back(event(Event::Kind::mapping, depth));
    out.push_back(event(Event::Kind::scalar, depth + 1, match->key));
    out.push_back(event(Event::Kind::scalar, depth + 1, match->value));
    add_events(steps.subspan(1), value, depth + 1, out);
    return;
  }
  out.push_back(event(Event::Kind::scalar, depth, std::get<Key>(steps[0]).name));
  if (steps.size() == 1) {
    out.push_back(event(Event::Kind::scalar, depth, value));
    return;
  }
  const bool item = std::holds_alternative<Match>(steps[1]);
  out.push_back(event(item ? Event::Kind::sequence : Event::Kind::mapping, depth));
  add_events(steps.subspan(1), value, depth + 1, out);
}

}  // namespace

Habit habit_of(const Tree& tree) {
  Habit habit;
  const std::string_view source = tree.source();
  const std::size_t first_break = source.find('\n');
  if (first_break != std::string_view::npos && first_break > 0 && source[first_break - 1] == '\r')
    habit.line_break = "\r\n";
  bool mapping_seen = false, sequence_seen = false;
  for (Tree::Id id = 0; id < tree.nodes().size() && !(mapping_seen && sequence_seen); ++id) {
    if (tree[id].kind != Node::Kind::mapping || tree[id].is_flow()) continue;
    for (Tree::Id key = id + 1; key < tree[id].next; key = tree[tree[key].next].next) {
      const Node& value = tree[tree[key].next];
      if (value.style != Node::Style::block || value.indent < tree[id].indent) continue;
      const std::size_t step = value.indent - tree[id].indent;
      if (value.kind == Node::Kind::mapping && !mapping_seen) habit.step = step, mapping_seen = true;
      if (value.kind == Node::Kind::sequence && !sequence_seen) habit.sequence_step = step, sequence_seen = true;
    }
  }
  return habit;
}

std::string block_text(Steps steps, std::string_view value, std::size_t column, const Habit& habit) {
  const auto new_line = [&](std::size_t indent) { return habit.line_break + std::string(indent, ' '); };
  if (const auto* match = std::get_if<Match>(&steps[0])) {
    return fmt::format("- {}: {}{}{}", plain_or_in_quotes(match->key), plain_or_in_quotes(match->value), new_line(column + 2),
                       block_text(steps.subspan(1), value, column + 2, habit));
  }
  const std::string key = plain_or_in_quotes(std::get<Key>(steps[0]).name);
  if (steps.size() == 1) return fmt::format("{}: {}", key, in_quotes(value));
  const std::size_t inner = column + (std::holds_alternative<Match>(steps[1]) ? habit.sequence_step : habit.step);
  return fmt::format("{}:{}{}", key, new_line(inner), block_text(steps.subspan(1), value, inner, habit));
}

std::string flow_value(Steps steps, std::string_view value, const FlowHabit& habit) {
  if (steps.empty()) return in_quotes(value);
  const bool item = std::holds_alternative<Match>(steps[0]);
  return fmt::format("{}{}{}", item ? '[' : '{', flow_entry(steps, value, habit), item ? ']' : '}');
}

std::string flow_entry(Steps steps, std::string_view value, const FlowHabit& habit) {
  if (const auto* match = std::get_if<Match>(&steps[0])) {
    const std::string text = habit.quote_keys ? in_quotes(match->value) : plain_or_in_quotes(match->value);
    return fmt::format("{{{}{}, {}}}", flow_key(match->key, habit), text, flow_entry(steps.subspan(1), value, habit));
  }
  return flow_key(std::get<Key>(steps[0]).name, habit) + flow_value(steps.subspan(1), value, habit);
}

std::vector<Event> entry_events(Steps steps, std::string_view value, int depth) {
  std::vector<Event> events;
  add_events(steps, value, depth, events);
  return events;
}

std::vector<Event> collection_events(Steps steps, std::string_view value, int depth) {
  std::vector<Event> events;
  events.push_back(
      event(std::holds_alternative<Match>(steps[0]) ? Event::Kind::sequence : Event::Kind::mapping, depth));
  add_events(steps, value, depth + 1, events);
  return events;
}

bool can_be_made(Steps steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (std::holds_alternative<Index>(steps[i])) return false;
    const auto* key = std::get_if<Key>(&steps[i]);
    if (key != nullptr && is_too_long(key->name)) return false;
    const auto* match = std::get_if<Match>(&steps[i]);
    if (match == nullptr) continue;
    const auto* next = i + 1 < steps.size() ? std::get_if<Key>(&steps[i + 1]) : nullptr;
    if (next == nullptr || next->name == match->key || is_too_long(match->key)) return false;
  }
  return true;
}

}  // namespace slipway::edit

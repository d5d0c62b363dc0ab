#include <fmt/format.h>

#include <algorithm>

#include "edit/new_nodes.hpp"
#include "edit/rewrite.hpp"

// Adds what is missing at a place: after the last entry of a collection, or instead of a null.

namespace slipway::edit {

namespace {

bool is_json(std::string_view file) {
  return file.ends_with(".json");
}

// If the file ends in a block scalar without a final line break, adding one would change the scalar's text.
std::optional<Error> open_text(const Tree& tree, const Node& collection, const std::string& file) {
  const std::string_view source = tree.source();
  const Node& last = tree[collection.next - 1];
  const bool open = collection.style == Node::Style::block && last.is_block_scalar() && !last.strip &&
                    last.end == source.size() && line_end(source, last.body) < last.end;
  if (!open) return std::nullopt;
  return Error(
      "the file ends within a block text and without a line break, so a line added here would change that text: end the "
      "file with a line break first",
      position_at(source, last.end, file));
}

class Creation {
 public:
  Creation(const Tree& tree, const Place& place, const Path& path, std::string_view value, const std::string& file)
      : tree_(tree),
        place_(place),
        node_(tree[place.node]),
        value_(value),
        habit_(habit_of(tree)),
        is_json_file_(is_json(file)) {
    rest_ = Steps(path.steps()).subspan(place.depth);
    const Tree::Id root = tree.documents()[place.document];
    for (Tree::Id at = root; at != place.node; ++depth_) {
      holder_ = at;
      Tree::Id child = at + 1;
      while (tree[child].next <= place.node) child = tree[child].next;
      at = child;
    }
  }

  std::optional<Rewrite> plan() {
    rewrite_.trail = place_.trail;
    const std::size_t deepest = static_cast<std::size_t>(depth_) + rest_.size();
    if (!can_be_made(rest_) || deepest + 1 >= nesting_max) return std::nullopt;
    const bool item = std::holds_alternative<Match>(rest_[0]);
    if (node_.kind == Node::Kind::scalar) return fill_null() ? std::optional(rewrite_) : std::nullopt;
    if (item != (node_.kind == Node::Kind::sequence)) return std::nullopt;
    rewrite_.changes.push_back({node_.next, false, entry_events(rest_, value_, depth_ + 1)});
    node_.is_flow() ? append_flow() : append_block();
    return rewrite_;
  }

 private:
  std::string_view source() const { return tree_.source(); }

  void splice(std::size_t at, std::string text) { rewrite_.splices.push_back({at, at, std::move(text)}); }

  // Inserts after the line of the last value. Blank lines after a scalar that keeps them (`|+`) belong to it.
  void append_block() {
    std::size_t at = line_end(source(), node_.end);
    const Node& last = tree_[node_.next - 1];
    if (last.is_block_scalar() && last.keep) {
      for (std::size_t line = at; line < source().size(); at = line) {
        line = source().find('\n', line) + 1;
        const std::size_t text = source().find_first_not_of(" \r", line);
        if (line == 0 || text == std::string_view::npos || source()[text] != '\n') break;
        line = line_end(source(), line);
      }
    }
    splice(at, habit_.line_break + std::string(node_.indent, ' ') + block_text(rest_, value_, node_.indent, habit_));
  }

  // Fills `key:` without a value, `- `, `~`, or an empty document; false for a `? key` without `:`.
  bool fill_null() {
    rewrite_.changes.push_back({place_.node, true, collection_events(rest_, value_, depth_)});
    FlowHabit flow;
    flow.quote_keys = is_json_like();
    if (!node_.is_empty()) {
      rewrite_.splices.push_back({node_.begin, node_.end, flow_value(rest_, value_, flow)});
      return true;
    }
    const bool in_flow = holder_ && tree_[*holder_].is_flow();
    if (in_flow) {
      splice(node_.begin, (node_.colon_missing ? ": " : " ") + flow_value(rest_, value_, flow));
      return true;
    }
    if (node_.bare_key) return false;
    const bool item = std::holds_alternative<Match>(rest_[0]);
    std::size_t column = 0;
    if (holder_) column = tree_[*holder_].indent + (item ? habit_.sequence_step : habit_.step);
    if (holder_ && tree_[*holder_].kind == Node::Kind::sequence) column = tree_[*holder_].indent + 2;
    splice(line_end(source(), node_.begin),
           habit_.line_break + std::string(column, ' ') + block_text(rest_, value_, column, habit_));
    return true;
  }

  // Copies the style of the last entry: the space before it and around its colon, and whether its key is quoted.
  void append_flow() {
    const Tree::Id first = place_.node + 1;
    if (first >= node_.next) {
      FlowHabit habit;
      habit.quote_keys = is_json_like();
      splice(node_.begin + 1, flow_entry(rest_, value_, habit));
      return;
    }
    Tree::Id last = first, before = first;
    const bool mapping = node_.kind == Node::Kind::mapping;
    const auto next_entry = [&](Tree::Id id) { return mapping ? tree_[tree_[id].next].next : tree_[id].next; };
    while (next_entry(last) < node_.next) before = last, last = next_entry(last);
    const std::size_t end = entry_end(last);
    const std::string gap = gap_before(last, before == last ? node_.begin + 1 : entry_end(before), before == last);
    const std::string text = gap + flow_entry(rest_, value_, flow_habit(last));
    const std::size_t comma = after_blanks(end);
    const bool trailing_comma = source()[comma] == ',';
    std::size_t at = trailing_comma ? comma + 1 : end;
    if (!trailing_comma) splice(end, ends_with_colon(end) ? " ," : ",");
    if (gap.find('\n') != std::string::npos && rest_is_comment(at)) at = line_end(source(), at);
    splice(at, text + (trailing_comma ? "," : ""));
  }

  bool is_json_like() const {
    const std::size_t begin = source().find_first_not_of(" \t\r\n", source().starts_with("\xef\xbb\xbf") ? 3 : 0);
    return is_json_file_ || (begin != std::string_view::npos && (source()[begin] == '{' || source()[begin] == '['));
  }

  // `{a: }`: some readers would take a comma that touches the colon for a part of the key.
  bool ends_with_colon(std::size_t end) const {
    const Node& last = tree_[node_.next - 1];
    return last.is_empty() && last.begin == end && !last.colon_missing && !last.colon_glued;
  }

  std::size_t entry_end(Tree::Id entry) const {
    const Tree::Id value = node_.kind == Node::Kind::mapping ? tree_[entry].next : entry;
    return std::max(tree_[entry].end, tree_[value].end);
  }

  // Skips blanks, line breaks and comments.
  std::size_t after_blanks(std::size_t from) const {
    std::size_t i = from;
    for (;;) {
      while (i < source().size() && std::string_view(" \t\r\n").find(source()[i]) != std::string_view::npos) ++i;
      if (i >= source().size() || source()[i] != '#') return i;
      i = line_end(source(), i);
    }
  }

  bool rest_is_comment(std::size_t from) const {
    const std::size_t text = source().find_first_not_of(" \t", from);
    return text == std::string_view::npos || source()[text] == '#' || source()[text] == '\n' || source()[text] == '\r';
  }

  std::string gap_before(Tree::Id entry, std::size_t from, bool only) const {
    const std::size_t begin = tree_[entry].begin;
    const std::size_t comma = only ? from : source().find(',', from) + 1;
    const std::string_view gap = source().substr(comma, begin - comma);
    if (gap.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return only && gap.empty() && flow_habit(entry).colon != ":" ? " " : std::string(gap);
    }
    const std::size_t line = source().rfind('\n', begin);
    if (line == std::string_view::npos || line < comma) return " ";
    const std::string_view indent = source().substr(line + 1, begin - line - 1);
    return indent.find_first_not_of(" \t") == std::string_view::npos ? habit_.line_break + std::string(indent) : " ";
  }

  FlowHabit flow_habit(Tree::Id entry) const {
    FlowHabit habit;
    habit.quote_keys = tree_[entry].style == Node::Style::double_quoted || is_json_like();
    if (node_.kind != Node::Kind::mapping || !habit.quote_keys) return habit;
    const Node& value = tree_[tree_[entry].next];
    const std::string_view colon = source().substr(tree_[entry].end, value.begin - tree_[entry].end);
    if (colon.starts_with(':') && colon.find_first_not_of(" ", 1) == std::string_view::npos) habit.colon = colon;
    return habit;
  }

  const Tree& tree_;
  const Place& place_;
  const Node& node_;
  std::string_view value_;
  Habit habit_;
  bool is_json_file_;
  Steps rest_;
  std::optional<Tree::Id> holder_;
  int depth_ = 0;
  Rewrite rewrite_;
};

}  // namespace

Result<Rewrite> plan_creation(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                              const std::string& file) {
  if (place.blocked) return *place.blocked;
  const Node& node = tree[place.node];
  if (node.colon_glued) return glued_colon(tree, place.node, file);
  if (auto error = open_text(tree, node, file)) return *error;
  if (auto rewrite = Creation(tree, place, path, value, file).plan()) return std::move(*rewrite);
  return missing(tree, place, path, file);
}

Result<Rewrite> plan_first_document(std::string_view source, const Path& path, std::string_view value,
                                    const std::string& file) {
  if (!can_be_made(path.steps()) || path.steps().size() + 1 >= nesting_max) {
    return Error(fmt::format("the file is empty, and '{}' cannot be made from its path alone", path.text()),
                 Position(file, 1, 1));
  }
  Habit habit;
  if (source.find("\r\n") != std::string_view::npos) habit.line_break = "\r\n";
  const bool open_line = !source.empty() && source.back() != '\n' && source != "\xef\xbb\xbf";
  FlowHabit json;
  json.quote_keys = true;
  std::string text = open_line ? habit.line_break : "";
  text += is_json(file) ? flow_value(path.steps(), value, json) : block_text(path.steps(), value, 0, habit);
  Rewrite rewrite;
  rewrite.splices.push_back({source.size(), source.size(), text + habit.line_break});
  rewrite.changes.push_back({0, false, collection_events(path.steps(), value, 0)});
  return rewrite;
}

}  // namespace slipway::edit

#include <fmt/format.h>

#include <utility>

#include "edit/edit.hpp"
#include "edit/scanner.hpp"

namespace slipway::edit {

// A node belongs to its parent if it is indented more; a sequence that is a key's value may also be at the key's column.
bool Scanner::inside(int parent, After after) const noexcept {
  if (at_end()) return false;
  if (!fresh_ || static_cast<int>(column_) > parent) return true;
  const bool sequence_at_key = after == After::key || after == After::mark;
  return sequence_at_key && static_cast<int>(column_) == parent && indicator_here('-');
}

// Properties followed by a line break belong to the whole node (`outer`); those on the same line as the content belong
// to the content, i.e. to the first key of a mapping (`inner`).
bool Scanner::block_node(int parent, After after) {
  if (++depth_ > nesting_max) return fail(fmt::format("nested more than {} levels deep", nesting_max), pos_);
  Properties outer, inner;
  auto place = static_cast<std::uint32_t>(pos_);
  skip_space();
  bool present = inside(parent, after);
  bool compact = !tabbed_ && (fresh_ || after == After::dash || after == After::mark);
  std::uint32_t column = column_;
  while (present && (at(pos_) == '&' || at(pos_) == '!')) {
    if (!properties(inner)) return false;
    place = static_cast<std::uint32_t>(pos_);
    skip_space();
    present = inside(parent, after);
    if (present && !fresh_) break;
    if (!join(outer, std::exchange(inner, {}))) return false;
    compact = !tabbed_;
    column = column_;
  }
  if (!present) {
    add_empty(place, outer);
  } else if (!block_content(parent, column, compact, outer, inner)) {
    return false;
  }
  --depth_;
  return true;
}

bool Scanner::block_content(int parent, std::uint32_t column, bool compact, const Properties& outer,
                            const Properties& inner) {
  const bool sequence = indicator_here('-'), explicit_key = indicator_here('?');
  if (sequence || explicit_key) {
    if (!compact) return fail("a block collection cannot begin here", pos_);
    if (inner.any()) return fail("a tag or anchor of a block collection must stand on the line before it", pos_);
    if (sequence) return block_sequence(column, outer);
    const Id map = open(Node::Kind::mapping, Node::Style::block, static_cast<std::uint32_t>(pos_), column, outer);
    return block_mapping(map, column, false);
  }
  return block_leaf(parent, column, compact, outer, inner);
}

// A scalar, an alias or a flow collection; or, if a `:` follows, the first key of a mapping.
bool Scanner::block_leaf(int parent, std::uint32_t column, bool compact, const Properties& outer,
                         const Properties& inner) {
  const char c = at(pos_);
  if (c == '[' || c == '{' || c == '|' || c == '>') {
    Properties own = outer;
    if (!join(own, inner)) return false;
    if (c == '[' || c == '{') {
      if (!flow_collection(own)) return false;
      return colon_follows() ? fail("a collection as a key is not supported", pos_) : true;
    }
    if (!block_scalar(parent)) return false;
    attach(static_cast<Id>(tree_.nodes_.size() - 1), own);
    return true;
  }
  const std::size_t begin = pos_;
  if (!leaf(parent, false)) return false;
  const auto id = static_cast<Id>(tree_.nodes_.size() - 1);
  if (colon_follows()) {
    if (last().multi_line) return fail("a key must stand on one line", begin);
    if (!compact) return fail("a mapping cannot begin on this line; is a quote or a line break missing?", pos_);
    attach(id, inner);
    const Id map = wrap_last(Node::Style::block, static_cast<std::uint32_t>(begin), column, outer);
    return block_mapping(map, column, true);
  }
  Properties own = outer;
  if (!join(own, inner)) return false;
  if (last().kind == Node::Kind::alias && own.any()) return fail("an alias with a tag or anchor", begin);
  attach(id, own);
  return true;
}

// Combines a tag on one line with an anchor on the next: both belong to the same node.
bool Scanner::join(Properties& own, const Properties& more) {
  if ((own.has_tag() && more.has_tag()) || (!own.anchor.empty() && !more.anchor.empty())) {
    return fail("a second tag or anchor for one node", pos_);
  }
  if (more.has_tag()) own.tag_begin = more.tag_begin, own.tag_end = more.tag_end;
  if (!more.anchor.empty()) own.anchor = more.anchor;
  return true;
}

// True if, after blanks on the same line, a `:` follows that makes the preceding node a key.
bool Scanner::colon_follows() const noexcept {
  std::size_t i = pos_;
  while (is_blank(i)) ++i;
  return at(i) == ':' && ends_word(i + 1);
}

// After an entry of a block collection: sets `more` if another entry begins at its column.
bool Scanner::more_entries(std::uint32_t column, bool& more) {
  skip_space();
  more = false;
  if (at_end() || (fresh_ && column_ < column && !tabbed_)) return true;
  if (!fresh_) return fail("unexpected text after a value", pos_);
  if (tabbed_) return fail("a tab where spaces are expected as indentation", pos_);
  if (column_ > column) return fail("this line is indented more than its neighbours", pos_);
  more = true;
  return true;
}

bool Scanner::block_sequence(std::uint32_t column, const Properties& outer) {
  const Id id = open(Node::Kind::sequence, Node::Style::block, static_cast<std::uint32_t>(pos_), column, outer);
  for (bool more = true; more;) {
    ++pos_;
    if (!block_node(static_cast<int>(column), After::dash) || !more_entries(column, more)) return false;
    more = more && indicator_here('-');
  }
  close(id);
  return true;
}

bool Scanner::block_mapping(Id map, std::uint32_t column, bool key_is_read) {
  for (bool more = true; more; key_is_read = false) {
    if (!mapping_entry(column, key_is_read) || !more_entries(column, more)) return false;
  }
  close(map);
  return true;
}

bool Scanner::mapping_entry(std::uint32_t column, bool key_is_read) {
  if (!key_is_read) {
    if (indicator_here('?')) return explicit_entry(column);
    if (!implicit_key()) return false;
  }
  while (is_blank(pos_)) ++pos_;
  ++pos_;
  return block_node(static_cast<int>(column), After::key);
}

bool Scanner::implicit_key() {
  Properties own;
  const std::size_t begin = pos_;
  if (!properties(own)) return false;
  while (is_blank(pos_)) ++pos_;
  const char c = at(pos_);
  if (c == '[' || c == '{') return fail("a collection as a key is not supported", pos_);
  if (indicator_here('-') || indicator_here(':') || c == '|' || c == '>') return fail("expected a key", pos_);
  if (!leaf(static_cast<int>(column_), false)) return false;
  if (!colon_follows()) return fail("expected a key with ':' behind it", begin);
  if (last().multi_line) return fail("a key must stand on one line", begin);
  attach(static_cast<Id>(tree_.nodes_.size() - 1), own);
  return true;
}

// `? key` and, on a separate line, `: value`.
bool Scanner::explicit_entry(std::uint32_t column) {
  ++pos_;
  if (!block_node(static_cast<int>(column), After::mark)) return false;
  skip_space();
  if (!at_end() && fresh_ && !tabbed_ && column_ == column && indicator_here(':')) {
    ++pos_;
    return block_node(static_cast<int>(column), After::mark);
  }
  add_empty(last_end_, Properties());
  last().bare_key = true;
  return true;
}

}  // namespace slipway::edit

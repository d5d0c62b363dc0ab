#include <fmt/format.h>

#include "edit/edit.hpp"
#include "edit/scanner.hpp"

namespace slipway::edit {

// Inside brackets indentation is irrelevant; a document marker still ends everything.
bool Scanner::flow_node() {
  Properties own;
  skip_space();
  if (!properties(own)) return false;
  const auto place = static_cast<std::uint32_t>(pos_);
  skip_space();
  if (at_end()) return fail("a bracket is not closed", pos_);
  const char c = at(pos_);
  if (c == '[' || c == '{') return flow_collection(own);
  if (own.any() && (c == ',' || c == ']' || c == '}' || value_indicator(false))) {
    add_empty(place, own);
    return true;
  }
  if (own.any() && c == '*') return fail("an alias with a tag or anchor", pos_);
  if (!leaf(-1, true)) return false;
  attach(static_cast<Id>(tree_.nodes_.size() - 1), own);
  return true;
}

bool Scanner::flow_collection(const Properties& own) {
  const std::size_t begin = pos_;
  if (++depth_ > nesting_max) return fail(fmt::format("nested more than {} levels deep", nesting_max), pos_);
  const bool mapping = at(pos_) == '{';
  const char closing = mapping ? '}' : ']';
  const Id id = open(mapping ? Node::Kind::mapping : Node::Kind::sequence, Node::Style::flow,
                     static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(pos_ - line_start_), own);
  ++pos_;
  for (skip_space(); at(pos_) != closing; skip_space()) {
    if (at_end()) return fail(fmt::format("this '{}' is not closed", src_[begin]), begin);
    if (!(mapping ? mapping_pair() : sequence_entry())) return false;
    skip_space();
    if (at(pos_) == closing) break;
    if (at_end()) return fail(fmt::format("this '{}' is not closed", src_[begin]), begin);
    if (at(pos_) != ',') return fail(fmt::format("expected ',' or '{}'", closing), pos_);
    ++pos_;
  }
  ++pos_;
  last_end_ = static_cast<std::uint32_t>(pos_);
  close(id);
  --depth_;
  return true;
}

// In a sequence, `key: value` is a single-pair mapping.
bool Scanner::sequence_entry() {
  const auto begin = static_cast<std::uint32_t>(pos_), column = static_cast<std::uint32_t>(pos_ - line_start_);
  if (indicator_here('?')) {
    const Id map = open(Node::Kind::mapping, Node::Style::flow, begin, column, Properties());
    if (!mapping_pair()) return false;
    close(map);
    return true;
  }
  const std::size_t count = tree_.nodes_.size();
  if (!flow_node()) return false;
  const bool is_leaf = tree_.nodes_.size() == count + 1 && !last().is_flow();
  const bool json_key = last().style == Node::Style::double_quoted || last().style == Node::Style::single_quoted;
  const std::uint32_t end = static_cast<std::uint32_t>(pos_);
  skip_space();
  if (!value_indicator(json_key || !is_leaf)) return true;
  if (!is_leaf) return fail("a collection as a key is not supported", pos_);
  if (fresh_ || last().multi_line) return fail("a key in brackets must stand on one line with its ':'", begin);
  const Id map = wrap_last(Node::Style::flow, begin, column, Properties());
  if (!pair_value(json_key, end)) return false;
  close(map);
  return true;
}

bool Scanner::mapping_pair() {
  if (indicator_here('?')) {
    ++pos_;
    skip_space();
  }
  if (at(pos_) == ',' || value_indicator(false)) return fail("expected a key", pos_);
  const auto key = static_cast<Id>(tree_.nodes_.size());
  if (!flow_node()) return false;
  const Node& node = tree_.nodes_[key];
  const bool json_key =
      node.is_flow() || node.style == Node::Style::double_quoted || node.style == Node::Style::single_quoted;
  const auto end = static_cast<std::uint32_t>(pos_);
  skip_space();
  return pair_value(json_key, end);
}

// The `:` and the value, both optional.
bool Scanner::pair_value(bool json_key, std::uint32_t place) {
  if (!value_indicator(json_key)) {
    add_empty(place, Properties(), true);
    return true;
  }
  ++pos_;
  const auto after_colon = static_cast<std::uint32_t>(pos_);
  skip_space();
  if (at(pos_) != ',' && at(pos_) != ']' && at(pos_) != '}') return flow_node();
  add_empty(after_colon, Properties());
  last().colon_glued = !json_key && after_colon == pos_;
  return true;
}

// After a quoted key or a closing bracket, the value may follow the `:` immediately, as in JSON.
bool Scanner::value_indicator(bool json_key) const noexcept {
  return at(pos_) == ':' && (json_key || ends_word(pos_ + 1) || is_flow_indicator(pos_ + 1));
}

}  // namespace slipway::edit

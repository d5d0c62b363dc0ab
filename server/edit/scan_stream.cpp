#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "edit/edit.hpp"
#include "edit/scanner.hpp"

namespace slipway::edit {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

Result<Tree> scan(std::string_view source, const std::string& file) {
  return Scanner(source, file).run();
}

Result<Tree> Scanner::run() {
  if (!check_characters() || !documents() || !check_breaks()) return error_;
  return std::move(tree_);
}

bool Scanner::fail(std::string what, std::size_t offset) {
  error_ = Error(std::move(what), position_at(src_, offset, file_));
  return false;
}

bool Scanner::is_flow_indicator(std::size_t i) const noexcept {
  const char c = at(i);
  return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

// `---` or `...` at the start of a line ends every node.
bool Scanner::is_marker(std::size_t i) const noexcept {
  const std::string_view mark = src_.substr(std::min(i, src_.size()), 3);
  return (mark == "---" || mark == "...") && ends_word(i + 3);
}

bool Scanner::check_characters() {
  if (src_.size() > document_bytes_max) {
    return fail(fmt::format("the file has {} bytes, more than the {} that are edited", src_.size(), document_bytes_max),
                0);
  }
  if (src_.starts_with("\xff\xfe") || src_.starts_with("\xfe\xff")) return fail("is UTF-16; only UTF-8 is edited", 0);
  for (std::size_t i = 0; i < src_.size(); ++i) {
    const auto c = static_cast<unsigned char>(src_[i]);
    if (c >= 0x20 || c == '\n' || c == '\t') continue;
    if (c != '\r') return fail(fmt::format("the control character \\x{:02x} is not allowed in YAML", c), i);
    if (at(i + 1) != '\n') return fail("a carriage return without a line feed: such line breaks are not edited", i);
  }
  if (is_utf8(src_)) return true;
  std::size_t line = 0;
  while (is_utf8(src_.substr(line, line_end(src_, line) - line))) line = after_break(line_end(src_, line));
  return fail("this line is not UTF-8", line);
}

// YAML 1.2 treats NEL, LS and PS as text; YAML 1.1, and therefore the parser of Helm and Kustomize, treats them as line
// breaks, which end a comment or value. Only in quotes do both see the same value.
bool Scanner::check_breaks() {
  static constexpr std::array<std::string_view, 3> odd_breaks = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (const std::string_view odd : odd_breaks) {
    for (std::size_t i = src_.find(odd); i != std::string_view::npos; i = src_.find(odd, i + odd.size())) {
      const auto& nodes = tree_.nodes_;
      const auto begins_later = [](std::size_t at, const Node& node) { return at < node.begin; };
      const auto behind = std::upper_bound(nodes.begin(), nodes.end(), i, begins_later);
      const Node* node = behind == nodes.begin() ? nullptr : &*std::prev(behind);
      const bool quoted = node != nullptr && i < node->end &&
                          (node->style == Node::Style::double_quoted || node->style == Node::Style::single_quoted);
      if (quoted) continue;
      return fail(
          "a line break of YAML 1.1 (NEL, U+2028 or U+2029) outside of quotes, which YAML 1.2 reads as text: take it out",
          i);
    }
  }
  return true;
}

bool Scanner::documents() {
  if (src_.starts_with(byte_order_mark)) pos_ = line_start_ = byte_order_mark.size();
  for (;;) {
    skip_space();
    const std::size_t begin = pos_;
    skip_directives();
    const bool directives = pos_ != begin;
    if (is_end(pos_)) return directives ? fail("a directive without a document", begin) : true;
    if (is_marker(pos_) && at(pos_) == '.') {
      pos_ += 3;
      skip_space();
      if (!fresh_ && !is_end(pos_)) return fail("unexpected text after '...'", pos_);
      continue;
    }
    if (directives && !is_marker(pos_)) return fail("a directive must be followed by '---'", pos_);
    if (!document()) return false;
  }
}

bool Scanner::document() {
  anchors_.clear();
  if (pos_ == line_start_ && is_marker(pos_)) pos_ += 3;
  tree_.documents_.push_back(static_cast<Id>(tree_.nodes_.size()));
  if (!block_node(-1, After::document)) return false;
  skip_space();
  return at_end() ? true : fail("expected the end of the document here", pos_);
}

void Scanner::skip_directives() {
  while (pos_ == line_start_ && at(pos_) == '%') {
    pos_ = line_end(src_, pos_);
    skip_space();
  }
}

// Skips blanks, comments and line breaks up to the next token. A `#` starts a comment only after a blank or line break.
void Scanner::skip_space() {
  if (pos_ == skipped_to_) return;
  fresh_ = pos_ == line_start_;
  tabbed_ = false;
  for (;;) {
    for (; is_blank(pos_); ++pos_) tabbed_ = tabbed_ || at(pos_) == '\t';
    if (at(pos_) == '#' && (pos_ == line_start_ || is_blank(pos_ - 1))) pos_ = line_end(src_, pos_);
    if (is_end(pos_) || !is_break(pos_)) break;
    pos_ = line_start_ = after_break(pos_);
    fresh_ = true;
    tabbed_ = false;
  }
  std::size_t from = line_start_;
  if (fresh_ && tabbed_) {
    while (at(from) == ' ') ++from;
    column_ = static_cast<std::uint32_t>(from - line_start_);
  } else {
    column_ = static_cast<std::uint32_t>(pos_ - line_start_);
  }
  skipped_to_ = pos_;
}

bool Scanner::at_end() const noexcept {
  return is_end(pos_) || (pos_ == line_start_ && is_marker(pos_));
}

bool Scanner::tag(Properties& properties) {
  if (properties.has_tag()) return fail("a second tag", pos_);
  properties.tag_begin = static_cast<std::uint32_t>(pos_);
  if (at(pos_ + 1) == '<') {
    while (!ends_word(pos_) && at(pos_) != '>') ++pos_;
    if (at(pos_) != '>') return fail("a tag that begins with '!<' must end with '>'", properties.tag_begin);
    ++pos_;
  } else {
    while (!ends_word(pos_) && !is_flow_indicator(pos_)) ++pos_;
  }
  properties.tag_end = static_cast<std::uint32_t>(pos_);
  return true;
}

// A tag and an anchor in either order, on one line; the caller handles what follows, including blanks.
bool Scanner::properties(Properties& properties) {
  for (std::size_t end = pos_; at(pos_) == '!' || at(pos_) == '&';) {
    if (at(pos_) == '!') {
      if (!tag(properties)) return false;
    } else {
      if (!properties.anchor.empty()) return fail("a second anchor", pos_);
      const std::size_t begin = ++pos_;
      while (!ends_word(pos_) && !is_flow_indicator(pos_)) ++pos_;
      if (pos_ == begin) return fail("an anchor without a name", begin - 1);
      properties.anchor = src_.substr(begin, pos_ - begin);
    }
    end = pos_;
    if (!ends_word(pos_) && !is_flow_indicator(pos_)) return fail("expected a blank after a tag or an anchor", pos_);
    while (is_blank(pos_)) ++pos_;
    if (at(pos_) != '!' && at(pos_) != '&') {
      pos_ = end;
      return true;
    }
  }
  return true;
}

Scanner::Id Scanner::add(Node node) {
  node.next = static_cast<Id>(tree_.nodes_.size() + 1);
  last_end_ = std::max(last_end_, node.end);
  last_anchor_ = {};
  tree_.nodes_.push_back(node);
  return node.next - 1;
}

Scanner::Id Scanner::add_empty(std::uint32_t place, const Properties& properties, bool colon_missing) {
  Node node;
  node.begin = node.end = place;
  node.colon_missing = colon_missing;
  const Id id = add(node);
  attach(id, properties);
  return id;
}

Scanner::Id Scanner::open(Node::Kind kind, Node::Style style, std::uint32_t begin, std::uint32_t column,
                          const Properties& properties) {
  Node node;
  node.kind = kind;
  node.style = style;
  node.begin = begin;
  node.indent = column;
  const Id id = add(node);
  attach(id, properties);
  return id;
}

void Scanner::close(Id id) {
  tree_.nodes_[id].next = static_cast<Id>(tree_.nodes_.size());
  tree_.nodes_[id].end = last_end_;
}

// The leaf just added turns out to be a key: inserts its mapping before it.
Scanner::Id Scanner::wrap_last(Node::Style style, std::uint32_t begin, std::uint32_t column,
                               const Properties& properties) {
  const Node key = last();
  const std::string_view anchor = last_anchor_;
  tree_.nodes_.pop_back();
  const Id map = open(Node::Kind::mapping, style, begin, column, properties);
  const Id id = add(key);
  if (!anchor.empty()) anchors_[anchor] = id;
  return map;
}

void Scanner::attach(Id id, const Properties& properties) {
  tree_.nodes_[id].tag_begin = properties.tag_begin;
  tree_.nodes_[id].tag_end = properties.tag_end;
  if (properties.anchor.empty()) return;
  anchors_[properties.anchor] = id;
  last_anchor_ = properties.anchor;
}

}  // namespace slipway::edit

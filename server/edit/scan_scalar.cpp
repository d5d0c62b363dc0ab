#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "edit/scanner.hpp"

namespace slipway::edit {

namespace {

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

// Anything that can be a key: an alias, a quoted or a plain scalar.
bool Scanner::leaf(int parent, bool flow) {
  switch (at(pos_)) {
    case '*':
      return alias();
    case '\'':
      return single_quoted();
    case '"':
      return double_quoted();
    default:
      return plain(parent, flow);
  }
}

bool Scanner::alias() {
  Node node;
  node.kind = Node::Kind::alias;
  node.begin = static_cast<std::uint32_t>(pos_);
  const std::size_t name = ++pos_;
  while (!ends_word(pos_) && !is_flow_indicator(pos_)) ++pos_;
  const auto found = anchors_.find(src_.substr(name, pos_ - name));
  if (found == anchors_.end()) {
    return fail(fmt::format("no anchor '&{}' before this alias", src_.substr(name, pos_ - name)), node.begin);
  }
  node.target = found->second;
  node.end = static_cast<std::uint32_t>(pos_);
  add(node);
  return true;
}

bool Scanner::starts_plain(bool flow) const noexcept {
  const char c = at(pos_);
  if (c == '-' || c == '?' || c == ':') return !ends_word(pos_ + 1) && !(flow && is_flow_indicator(pos_ + 1));
  return std::string_view(",[]{}#&*!|>'\"%@`").find(c) == std::string_view::npos;
}

// Scans plain text from `from` to the end of its line at most: `end` is set to just after its last character; returns
// where it stopped (at a line break, the end, `: `, ` #`, or a flow indicator).
std::size_t Scanner::plain_line(std::size_t from, bool flow, std::size_t& end) const noexcept {
  std::size_t i = from;
  for (; i < src_.size(); ++i) {
    const char c = src_[i];
    if (c == ' ' || c == '\t') continue;
    if (c == '\n' || c == '\r') break;
    if (c == '#' && i > from && is_blank(i - 1)) break;
    if (c == ':' && (ends_word(i + 1) || (flow && is_flow_indicator(i + 1)))) break;
    if (flow && is_flow_indicator(i)) break;
    end = i + 1;
  }
  return i;
}

// Whether a plain scalar continues after the line break at `from`; `next` is then set to its next text.
bool Scanner::plain_continues(int parent, bool flow, std::size_t from, std::size_t& next) const noexcept {
  std::size_t line = from;
  for (;;) {
    line = after_break(line);
    if (is_marker(line)) return false;
    std::size_t i = line;
    while (at(i) == ' ') ++i;
    const auto indent = static_cast<int>(i - line);
    while (is_blank(i)) ++i;
    if (is_end(i)) return false;
    if (is_break(i)) {
      line = i;
      continue;
    }
    next = i;
    return at(i) != '#' && (flow || indent > parent);
  }
}

bool Scanner::plain(int parent, bool flow) {
  if (!starts_plain(flow)) return fail(fmt::format("a value cannot begin with '{}'", src_.substr(pos_, 1)), pos_);
  Node node;
  node.style = Node::Style::plain;
  node.begin = static_cast<std::uint32_t>(pos_);
  std::size_t end = pos_, next = 0;
  std::size_t stop = plain_line(pos_, flow, end);
  while (is_break(stop) && plain_continues(parent, flow, stop, next)) {
    std::size_t tail = next;
    stop = plain_line(next, flow, tail);
    if (tail == next) break;
    end = tail;
    line_start_ = src_.rfind('\n', next) + 1;
    node.multi_line = true;
  }
  node.end = static_cast<std::uint32_t>(end);
  pos_ = end;
  add(node);
  return true;
}

bool Scanner::single_quoted() {
  Node node;
  node.style = Node::Style::single_quoted;
  const std::size_t begin = pos_++;
  node.begin = static_cast<std::uint32_t>(begin);
  for (;; ++pos_) {
    if (is_end(pos_)) return fail("this quote is not closed", begin);
    if (is_break(pos_)) {
      if (!quoted_break(begin)) return false;
      node.multi_line = true;
    } else if (at(pos_) == '\'') {
      if (at(pos_ + 1) != '\'') break;
      ++pos_;
    }
  }
  node.end = static_cast<std::uint32_t>(++pos_);
  add(node);
  return true;
}

bool Scanner::double_quoted() {
  Node node;
  node.style = Node::Style::double_quoted;
  const std::size_t begin = pos_++;
  node.begin = static_cast<std::uint32_t>(begin);
  for (; at(pos_) != '"'; ++pos_) {
    if (is_end(pos_)) return fail("this quote is not closed", begin);
    if (at(pos_) == '\\' && !escape(begin)) return false;
    if (!is_break(pos_)) continue;
    if (!quoted_break(begin)) return false;
    node.multi_line = true;
  }
  node.end = static_cast<std::uint32_t>(++pos_);
  add(node);
  return true;
}

// Validates an escape and moves to its last character, or to an escaped line break.
bool Scanner::escape(std::size_t begin) {
  const std::size_t backslash = pos_++;
  if (is_end(pos_)) return fail("this quote is not closed", begin);
  if (is_break(pos_)) return true;
  const char c = at(pos_);
  if (std::string_view("0abt\tnvfre \"/\\N_LPxuU").find(c) == std::string_view::npos) {
    return fail(fmt::format("'\\{}' is no escape of a double-quoted text", printable(src_.substr(pos_, 1))), backslash);
  }
  const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  for (int i = 0; i < digits; ++i) {
    if (!is_hex(at(++pos_))) return fail(fmt::format("'\\{}' needs {} hex digits", c, digits), backslash);
  }
  return true;
}

// Moves to the `\n` of the break, so that the caller's ++ starts the next line.
bool Scanner::quoted_break(std::size_t begin) {
  pos_ = after_break(pos_) - 1;
  line_start_ = pos_ + 1;
  return is_marker(line_start_) ? fail("this quote is not closed in its document", begin) : true;
}

bool Scanner::block_scalar(int parent) {
  Node node;
  int explicit_indent = 0;
  if (!block_header(node, explicit_indent)) return false;
  node.end = static_cast<std::uint32_t>(pos_);
  if (!is_end(pos_)) {
    const std::size_t first = after_break(pos_);
    if (!block_indent(parent, first, explicit_indent, node.indent)) return false;
    pos_ = line_start_ = first;
    if (node.indent != 0 || parent < 0) block_lines(node);
  }
  add(node);
  return true;
}

// `|` or `>`, at most one indentation digit and one chomping indicator, and an optional comment.
bool Scanner::block_header(Node& node, int& explicit_indent) {
  node.begin = static_cast<std::uint32_t>(pos_);
  node.style = at(pos_++) == '|' ? Node::Style::literal : Node::Style::folded;
  node.multi_line = true;
  for (;; ++pos_) {
    const char c = at(pos_);
    if ((c == '+' || c == '-') && !node.keep && !node.strip) {
      (c == '+' ? node.keep : node.strip) = true;
    } else if (c >= '1' && c <= '9' && explicit_indent == 0) {
      explicit_indent = c - '0';
    } else {
      break;
    }
  }
  node.body = static_cast<std::uint32_t>(pos_);
  while (is_blank(pos_)) ++pos_;
  if (at(pos_) == '#' && pos_ > node.body) pos_ = line_end(src_, pos_);
  return is_end(pos_) || is_break(pos_) ? true : fail("unexpected text after the sign of a block text", pos_);
}

// The indentation of the text: explicit, or that of its first non-blank line. 0 if there is no text.
bool Scanner::block_indent(int parent, std::size_t from, int explicit_indent, std::uint32_t& indent) {
  if (explicit_indent > 0) {
    indent = static_cast<std::uint32_t>(std::max(parent, 0) + explicit_indent);
    return true;
  }
  std::size_t widest = 0, widest_at = from;
  for (std::size_t line = from; line < src_.size();) {
    std::size_t i = line;
    while (at(i) == ' ') ++i;
    const std::size_t spaces = i - line;
    if (is_break(i)) {
      if (spaces > widest) widest = spaces, widest_at = line;
      line = after_break(i);
      continue;
    }
    if (is_end(i) || static_cast<int>(spaces) <= parent || is_marker(line)) return true;
    if (widest > spaces) return fail("a blank line before a block text is indented more than the text", widest_at);
    indent = static_cast<std::uint32_t>(spaces);
    return true;
  }
  return true;
}

void Scanner::block_lines(Node& node) {
  for (std::size_t line = pos_; line < src_.size();) {
    std::size_t i = line;
    while (at(i) == ' ' && i - line < node.indent) ++i;
    const bool blank = is_end(i) || is_break(i);
    if ((!blank && i - line < node.indent) || is_marker(line)) break;
    const std::size_t end = line_end(src_, i);
    if (!blank) node.end = static_cast<std::uint32_t>(end);
    line = is_end(end) ? end : after_break(end);
    pos_ = line_start_ = line;
  }
}

}  // namespace slipway::edit

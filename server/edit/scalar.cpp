#include "edit/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace slipway::edit {

namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6)), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6), tail(0);
  }
}

// Decodes the inside of a flow scalar: escapes and line folding.
class FlowText {
 public:
  FlowText(std::string_view raw, Node::Style style) : raw_(raw), style_(style) {}

  std::string read() {
    while (i_ < raw_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char c = raw_[i_];
    if (c == '\n' || c == '\r') {
      fold();
    } else if (c == '\\' && style_ == Node::Style::double_quoted) {
      escape();
    } else {
      if (c == '\'' && style_ == Node::Style::single_quoted) ++i_;
      out_ += c;
      ++i_;
    }
  }

  char at(std::size_t i) const noexcept { return i < raw_.size() ? raw_[i] : '\0'; }
  void skip_break() { i_ += at(i_) == '\r' ? 2 : 1; }
  bool on_break() const noexcept { return at(i_) == '\n' || at(i_) == '\r'; }
  void skip_blanks() {
    while (at(i_) == ' ' || at(i_) == '\t') ++i_;
  }

  // A line break: surrounding blanks are dropped; it reads as a space, or, followed by n empty lines, as n line feeds.
  void fold() {
    while (out_.size() > kept_ && (out_.back() == ' ' || out_.back() == '\t')) out_.pop_back();
    skip_break();
    if (const std::size_t empty = empty_lines(); empty == 0) {
      out_ += ' ';
    } else {
      out_.append(empty, '\n');
    }
    kept_ = out_.size();
  }

  std::size_t empty_lines() {
    std::size_t count = 0;
    for (skip_blanks(); on_break(); skip_blanks(), ++count) skip_break();
    return count;
  }

  void escape() {
    const char c = at(++i_);
    if (on_break()) {
      skip_break();
      out_.append(empty_lines(), '\n');
    } else if (c == 'x' || c == 'u' || c == 'U') {
      append_utf8(out_, code_point());
    } else {
      append_utf8(out_, simple_escape(c));
      ++i_;
    }
    kept_ = out_.size();
  }

  static std::uint32_t simple_escape(char c) {
    switch (c) {
      case '0':
        return 0x00;
      case 'a':
        return 0x07;
      case 'b':
        return 0x08;
      case 't':
        return 0x09;
      case 'n':
        return 0x0a;
      case 'v':
        return 0x0b;
      case 'f':
        return 0x0c;
      case 'r':
        return 0x0d;
      case 'e':
        return 0x1b;
      case 'N':
        return 0x85;
      case '_':
        return 0xa0;
      case 'L':
        return 0x2028;
      case 'P':
        return 0x2029;
      default:
        return static_cast<unsigned char>(c);
    }
  }

  std::uint32_t hex_escape() {
    const std::size_t digits = raw_[i_] == 'x' ? 2 : raw_[i_] == 'u' ? 4 : 8;
    std::uint32_t value = 0;
    std::from_chars(raw_.data() + i_ + 1, raw_.data() + std::min(i_ + 1 + digits, raw_.size()), value, 16);
    i_ += 1 + digits;
    return value;
  }

  // JSON writes characters beyond U+FFFF as two escapes, a surrogate pair. A lone surrogate reads as U+FFFD.
  std::uint32_t code_point() {
    constexpr std::uint32_t replacement = 0xfffd;
    const std::uint32_t high = hex_escape();
    if (high > 0x10ffff || (high >= 0xdc00 && high < 0xe000)) return replacement;
    if (high < 0xd800 || high >= 0xe000) return high;
    if (at(i_) != '\\' || at(i_ + 1) != 'u') return replacement;
    const std::size_t second = i_++;
    const std::uint32_t low = hex_escape();
    if (low >= 0xdc00 && low < 0xe000) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    i_ = second;
    return replacement;
  }

  std::string_view raw_;
  Node::Style style_;
  std::string out_;
  std::size_t i_ = 0;
  std::size_t kept_ = 0;  // output of escapes and folds up to here is not trimmed
};

// Decodes the lines of a block scalar.
class BlockText {
 public:
  BlockText(std::string_view source, const Node& node) : source_(source), node_(node) {}

  std::string read() {
    std::size_t line = next_line(node_.body);
    for (; line < node_.end; line = next_line(line)) add(text_of(line));
    chomp(line);
    return std::move(out_);
  }

 private:
  // The start of the next line; source size + 1 after the last.
  std::size_t next_line(std::size_t from) const {
    const std::size_t found = source_.find('\n', from);
    return found == std::string_view::npos ? source_.size() + 1 : found + 1;
  }

  std::string_view text_of(std::size_t line) const {
    std::size_t i = line;
    while (i < source_.size() && source_[i] == ' ' && i - line < node_.indent) ++i;
    return source_.substr(i, line_end(source_, i) - i);
  }

  // Breaks next to lines that start with a blank are not folded (8.1.3).
  void add(std::string_view text) {
    if (text.empty()) {
      breaks_ += 1;
      return;
    }
    const bool spaced = text.front() == ' ' || text.front() == '\t';
    const bool fold = node_.style == Node::Style::folded && !spaced && !spaced_ && any_;
    if (fold && breaks_ == 1) {
      out_ += ' ';
    } else {
      out_.append(breaks_ - (fold ? 1 : 0), '\n');
    }
    out_ += text;
    breaks_ = 1;
    spaced_ = spaced;
    any_ = true;
  }

  // The final line break and the blank lines after it: dropped by `-`, kept by `+`, otherwise reduced to one.
  void chomp(std::size_t line) {
    const bool ends_with_break = any_ && line <= source_.size();
    std::size_t blank_lines = 0;
    for (; node_.keep && line < source_.size(); line = next_line(line), ++blank_lines) {
      const std::size_t text = source_.find_first_not_of(' ', line);
      if (text == std::string_view::npos || (source_[text] != '\n' && source_[text] != '\r')) break;
    }
    if (!node_.strip && ends_with_break) out_ += '\n';
    if (node_.keep) out_.append(blank_lines, '\n');
  }

  std::string_view source_;
  const Node& node_;
  std::string out_;
  std::size_t breaks_ = 0;  // line breaks since the last text
  bool spaced_ = false;     // the last text began with a blank
  bool any_ = false;
};

}  // namespace

std::string decode(std::string_view source, const Node& scalar) {
  if (scalar.is_block_scalar()) return BlockText(source, scalar).read();
  const std::size_t quote = scalar.style == Node::Style::plain ? 0 : 1;
  return FlowText(source.substr(scalar.begin + quote, scalar.end - scalar.begin - 2 * quote), scalar.style).read();
}

// Escapes control characters, DEL, and characters that some readers treat as line breaks or drop (NEL, LS, PS, BOM).
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::string_view rest = text.substr(i);
    const auto escape = [&](std::uint32_t code, std::size_t bytes) {
      out += fmt::format("\\u{:04X}", code);
      i += bytes - 1;
    };
    if (c == '"' || c == '\\') {
      out += {'\\', text[i]};
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += {'\\', c == '\n' ? 'n' : c == '\t' ? 't' : 'r'};
    } else if (c < 0x20 || c == 0x7f) {
      escape(c, 1);
    } else if (c == 0xc2 && static_cast<unsigned char>(rest.size() > 1 ? rest[1] : 0) < 0xa0) {
      escape(static_cast<unsigned char>(rest[1]), 2);
    } else if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
      escape(rest[2] == '\xa8' ? 0x2028 : 0x2029, 3);
    } else if (rest.starts_with("\xef\xbb\xbf") || rest.starts_with("\xef\xbf\xbe") ||
               rest.starts_with("\xef\xbf\xbf")) {
      escape(rest[1] == '\xbb' ? 0xfeff : rest[2] == '\xbe' ? 0xfffe : 0xffff, 3);
    } else {
      out += text[i];
    }
  }
  return out + '"';
}

std::string plain_or_in_quotes(std::string_view text) {
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/';
  };
  const bool safe = !text.empty() && std::all_of(text.begin(), text.end(), is_safe) && text[0] != '-' && text[0] != '.';
  return safe && plain_is_string(text) ? std::string(text) : in_quotes(text);
}

}  // namespace slipway::edit

#include "cel/literal.hpp"

#include "cel/number.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

std::string normalized_newlines(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      made += text[i];
    } else {
      made += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    }
  }
  return made;
}

char simple_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;  // \\ \' \" \` \?
  }
}

// Appends the character that the escape at `text[at]` (just after the backslash) stands for; returns the length of the
// escape after the backslash.
Result<std::size_t> unescape_one(std::string_view text, std::size_t at, bool is_bytes, std::string& made) {
  const char c = text[at];
  const std::size_t digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '3' ? 3 : 0;
  if (digits == 0) {
    made += simple_escape(c);
    return std::size_t{1};
  }
  const bool octal = digits == 3;
  if (is_bytes && (c == 'u' || c == 'U')) return Error("unable to unescape string: \\u and \\U have no meaning in bytes");
  const auto value = parse_uint64(text.substr(octal ? at : at + 1, digits), octal ? 8 : 16);
  if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) return Error("invalid unicode code point");
  if (is_bytes) {
    made += static_cast<char>(*value);
  } else {
    append_rune(made, static_cast<char32_t>(*value));
  }
  return octal ? digits : digits + 1;
}

Result<Value> quoted_value(std::string_view token) {
  const std::string text = normalized_newlines(token);
  std::string_view rest = text;
  const bool is_bytes = rest.front() == 'b' || rest.front() == 'B';
  if (is_bytes) rest.remove_prefix(1);
  const bool raw = rest.front() == 'r' || rest.front() == 'R';
  if (raw) rest.remove_prefix(1);
  const std::size_t marks = rest.size() >= 6 && rest[1] == rest[0] && rest[2] == rest[0] ? 3 : 1;
  rest = rest.substr(marks, rest.size() - 2 * marks);
  std::string made;
  for (std::size_t at = 0; at < rest.size();) {
    if (rest[at] != '\\' || raw) {
      made += rest[at++];
      continue;
    }
    const Result<std::size_t> taken = unescape_one(rest, at + 1, is_bytes, made);
    if (!taken) return taken.error();
    at += 1 + *taken;
  }
  return is_bytes ? Value::bytes(std::move(made)) : Value::string(std::move(made));
}

Result<Value> integer_value(std::string_view text, bool negative) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const auto value = parse_int64(negative ? "-" + std::string(text) : std::string(text), hex ? 16 : 10);
  if (!value) return Error("invalid int literal");
  return Value::int64(*value);
}

Result<Value> unsigned_value(std::string_view text) {
  text.remove_suffix(1);
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const auto value = parse_uint64(text, hex ? 16 : 10);
  if (!value) return Error("invalid uint literal");
  return Value::uint64(*value);
}

}  // namespace

Result<Value> literal_value(TokenKind kind, std::string_view text, bool negative) {
  switch (kind) {
    case TokenKind::integer: return integer_value(text, negative);
    case TokenKind::unsigned_integer: return unsigned_value(text);
    case TokenKind::floating: {
      const auto value = parse_float64(text);
      if (!value) return Error("invalid double literal");
      return Value::float64(negative ? -*value : *value);
    }
    default: return quoted_value(text);
  }
}

}  // namespace slipway::cel

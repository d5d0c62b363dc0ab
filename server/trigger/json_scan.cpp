#include "trigger/json_scan.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace slipway::trigger {
namespace {

inline bool is_space(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' && (c == ' ' || c == '\n' || c == '\t' || c == '\r');
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The first byte that is not white space. Usually there is none, one space, or a line break with indentation.
inline const char* space_end(const char* at, const char* end) noexcept {
  if (at == end || !is_space(*at)) return at;
  if (++at == end || !is_space(*at)) return at;
#if defined(__SSE2__)
  const __m128i blank = _mm_set1_epi8(' ');
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto others = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, blank))) ^ 0xFFFFu;
    if (others == 0) continue;
    at += __builtin_ctz(others);
    break;
  }
#endif
  while (at != end && is_space(*at)) ++at;
  return at;
}

/// The first byte that is not plain ASCII string content: a quote, backslash, control character or non-ASCII byte;
/// `end` if there is none. For nearly all strings that is the closing quote.
inline const char* ascii_end(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' ');
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i other = _mm_cmplt_epi8(block, blank);  // signed comparison: bytes above 0x7f are negative
    const __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)), other);
    const int stops = _mm_movemask_epi8(stop);
    if (stops != 0) return at + __builtin_ctz(static_cast<unsigned>(stops));
  }
#endif
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) - 0x20u < 0x60u) ++at;
  return at;
}

void append_utf8(std::string& text, std::uint32_t point) {
  if (point < 0x80) {
    text.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    text.push_back(static_cast<char>(0xC0 | (point >> 6)));
    text.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    text.push_back(static_cast<char>(0xE0 | (point >> 12)));
    text.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    text.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    text.push_back(static_cast<char>(0xF0 | (point >> 18)));
    text.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
    text.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    text.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

/// The four hex digits at `i`, already validated.
std::uint32_t code_unit(std::string_view raw, std::size_t i) noexcept {
  std::uint32_t unit = 0;
  std::from_chars(raw.data() + i, raw.data() + i + 4, unit, 16);
  return unit;
}

/// The code point of the escape whose `\u` is at `i`; moves `i` past it. A lone surrogate becomes U+FFFD.
std::uint32_t code_point(std::string_view raw, std::size_t& i) noexcept {
  const std::uint32_t unit = code_unit(raw, i + 2);
  i += 6;
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  if (unit <= 0xDBFF && raw.substr(i, 2) == "\\u") {
    const std::uint32_t low = code_unit(raw, i + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      i += 6;
      return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

char plain_escape(char c) noexcept {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // quote, backslash, slash
  }
}

/// Resolves the escapes of `raw`, which were validated before.
void unescape(std::string_view raw, std::string& text) {
  text.clear();
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      const auto plain = std::min(raw.find('\\', i), raw.size());
      text.append(raw, i, plain - i);
      i = plain;
    } else if (raw[i + 1] == 'u') {
      append_utf8(text, code_point(raw, i));
    } else {
      text.push_back(plain_escape(raw[i + 1]));
      i += 2;
    }
  }
}

}  // namespace

bool JsonScan::fail(const char* what) noexcept {
  if (what_ == nullptr) what_ = what;
  return false;
}

Error JsonScan::error() const {
  return Error(fmt::format("{} at byte {}", what_, at_ - begin_));
}

JsonScan::Kind JsonScan::peek() noexcept {
  at_ = space_end(at_, end_);
  if (at_ == end_ || failed()) return Kind::end;
  switch (*at_) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return *at_ == '-' || is_digit(*at_) ? Kind::number : Kind::end;
  }
}

bool JsonScan::open(char bracket, const char* expected) {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  if (at_ == end_) return fail("the text ends too early");
  if (*at_ != bracket) return fail(expected);
  if (depth_ == max_depth) return fail("nested too deep");
  ++at_;
  first_[static_cast<std::size_t>(depth_++)] = true;
  return true;
}

bool JsonScan::enter_object() {
  return open('{', "expected an object");
}
bool JsonScan::enter_array() {
  return open('[', "expected a list");
}

bool JsonScan::next_element() {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  if (at_ == end_) return fail("the text ends too early");
  bool& first = first_[static_cast<std::size_t>(depth_ - 1)];
  if (*at_ == ']') {
    ++at_, --depth_;
    return false;
  }
  if (!first) {
    if (*at_ != ',') return fail("expected , or ]");
    ++at_;
  }
  first = false;
  return true;
}

inline bool JsonScan::raw_string(std::string_view& raw, bool& escaped) {
  if (at_ == end_) return fail("the text ends too early");
  if (*at_ != '"') return fail("expected a string");
  const char* const start = at_ + 1;
  at_ = ascii_end(start, end_);
  if (at_ == end_ || *at_ != '"') return odd_string(start, raw, escaped);
  raw = std::string_view(start, static_cast<std::size_t>(at_ - start));
  ++at_;
  return true;
}

/// Slow path: the rest of a string with escapes or non-ASCII characters, or a malformed one, from where its plain text ends.
bool JsonScan::odd_string(const char* start, std::string_view& raw, bool& escaped) {
  bool high = false;
  for (;;) {
    at_ = plain_json_end(at_, end_, high);
    if (at_ == end_) return fail("the text ends within a string");
    if (*at_ == '"') break;
    if (*at_ != '\\') return fail("control character within a string");
    escaped = true;
    if (end_ - at_ < 2) return fail("the text ends within a string");
    at_ += 2;
  }
  raw = std::string_view(start, static_cast<std::size_t>(at_ - start));
  if (high && !is_utf8(raw)) {
    at_ = start;
    return fail("invalid UTF-8 in the string");
  }
  ++at_;
  return !escaped || check_escapes(raw);
}

bool JsonScan::next_member(std::string_view& key) {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  if (at_ == end_) return fail("the text ends too early");
  bool& first = first_[static_cast<std::size_t>(depth_ - 1)];
  if (*at_ == '}') {
    ++at_, --depth_;
    return false;
  }
  if (!first) {
    if (*at_ != ',') return fail("expected , or }");
    ++at_;
    at_ = space_end(at_, end_);
  }
  first = false;
  bool escaped = false;
  if (!raw_string(key, escaped)) return false;
  at_ = space_end(at_, end_);
  if (at_ == end_ || *at_ != ':') return fail("expected :");
  ++at_;
  return true;
}

bool JsonScan::check_escapes(std::string_view raw) noexcept {
  constexpr std::string_view hex = "0123456789abcdefABCDEF", simple = "\"\\/bfnrt";
  for (auto i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    const char c = raw[i + 1];
    if (c != 'u') {
      if (simple.find(c) == std::string_view::npos) return fail("unknown escape in the string before");
      i += 2;
      continue;
    }
    const auto digits = raw.substr(i + 2, 4);
    if (digits.size() < 4 || digits.find_first_not_of(hex) != std::string_view::npos)
      return fail("bad \\u escape in the string before");
    i += 6;
  }
  return true;
}

bool JsonScan::string(std::string& value) {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  std::string_view raw;
  bool escaped = false;
  if (!raw_string(raw, escaped)) return false;
  if (escaped) {
    unescape(raw, value);
  } else {
    value.assign(raw);
  }
  return true;
}

bool JsonScan::number(std::string_view& digits, bool& whole) {
  const char* const start = at_;
  const auto some_digits = [this] {
    const char* const from = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != from;
  };
  if (*at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  if (!some_digits() || (zero && at_ - start > (*start == '-' ? 2 : 1))) return fail("bad number");
  whole = true;
  if (at_ != end_ && *at_ == '.') {
    whole = false;
    ++at_;
    if (!some_digits()) return fail("bad number");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    whole = false;
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!some_digits()) return fail("bad number");
  }
  digits = std::string_view(start, static_cast<std::size_t>(at_ - start));
  const bool may_be_huge = digits.size() > 300 || (!whole && digits.find_first_of("eE") != std::string_view::npos);
  if (may_be_huge && std::isinf(std::strtod(std::string(digits).c_str(), nullptr)))
    return fail("number beyond what a double holds");
  return true;
}

bool JsonScan::integer(std::int64_t& value) {
  if (peek() != Kind::number) return fail("expected a whole number");
  std::string_view digits;
  bool whole = false;
  if (!number(digits, whole)) return false;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return (whole && parsed.ec == std::errc()) || fail("expected a whole number");
}

bool JsonScan::word(std::string_view expected) noexcept {
  if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, expected.size()) != expected)
    return fail("unknown word");
  at_ += expected.size();
  return true;
}

bool JsonScan::scalar(char first) {
  std::string_view text;
  bool flag = false;
  switch (first) {
    case '"':
      return raw_string(text, flag);
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return is_digit(first) || first == '-' ? number(text, flag) : fail("expected a value");
  }
}

bool JsonScan::skip() {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  if (at_ == end_) return fail("the text ends too early");
  return *at_ == '{' || *at_ == '[' ? skip_nested() : scalar(*at_);
}

/// Iterative: `closing` holds the closing brackets still expected. Most of a payload passes through here, so the
/// position is kept in a local variable and only rare cases call other functions.
bool JsonScan::skip_nested() {
  std::array<char, max_depth> closing;
  int open = 0;
  const char* at = at_;
  const auto fail_here = [&](const char* what) {
    at_ = at;
    return fail(what);
  };
  const auto pass_string = [&] {
    if (at != end_ && *at == '"') {
      const char* const stop = ascii_end(at + 1, end_);
      if (stop != end_ && *stop == '"') {
        at = stop + 1;
        return true;
      }
    }
    std::string_view text;
    bool escaped = false;
    at_ = at;
    const bool good = raw_string(text, escaped);
    at = at_;
    return good;
  };

  for (;;) {
    // Before a value.
    if (at == end_) return fail_here("the text ends too early");
    bool entered = false;
    if (*at == '{' || *at == '[') {
      if (depth_ + open == max_depth) return fail_here("nested too deep");
      closing[static_cast<std::size_t>(open++)] = *at == '{' ? '}' : ']';
      at = space_end(at + 1, end_);
      if (at == end_) return fail_here("the text ends too early");
      entered = *at != closing[static_cast<std::size_t>(open - 1)];
    } else if (*at == '"') {
      if (!pass_string()) return false;
    } else {
      at_ = at;
      if (!scalar(*at)) return false;
      at = at_;
    }
    // After a value, or before the first value inside a bracket just entered.
    while (!entered) {
      if (open == 0) {
        at_ = at;
        return true;
      }
      const char bracket = closing[static_cast<std::size_t>(open - 1)];
      at = space_end(at, end_);
      if (at == end_) return fail_here("the text ends too early");
      if (*at == bracket) {
        ++at, --open;
        continue;
      }
      if (*at != ',') return fail_here(bracket == '}' ? "expected , or }" : "expected , or ]");
      at = space_end(at + 1, end_);
      entered = true;
    }
    if (closing[static_cast<std::size_t>(open - 1)] == ']') continue;
    if (at == end_) return fail_here("the text ends too early");
    if (!pass_string()) return false;
    at = space_end(at, end_);
    if (at == end_ || *at != ':') return fail_here("expected :");
    at = space_end(at + 1, end_);
  }
}

bool JsonScan::finish() {
  at_ = space_end(at_, end_);
  if (failed()) return false;
  return at_ == end_ || fail("text after the end");
}

}  // namespace slipway::trigger

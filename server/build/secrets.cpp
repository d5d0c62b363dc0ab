#include "build/secrets.hpp"

#include <algorithm>
#include <utility>

#include "base/hex.hpp"

namespace slipway::build {

namespace {

constexpr std::string_view stars = "***";
constexpr std::size_t shortest_line = 6;    // shorter lines of a multi-line secret are things like "-----" or "}"
constexpr std::size_t shortest_base64 = 6;  // shorter strings occur in any log by chance

std::string_view trimmed(std::string_view value) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = value.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(space) - first + 1);
}

/// The base64 characters that depend only on `value` when `offset` (mod 3) bytes of something else precede it.
std::string base64_core(std::string_view value, std::size_t offset) {
  const std::string whole = to_base64(std::string(offset, '\0').append(value));
  const std::size_t first = offset == 0 ? 0 : offset + 1;
  const std::size_t bits = (offset + value.size()) * 8;
  const std::size_t end = bits / 6;
  return end > first ? whole.substr(first, end - first) : std::string();
}

std::string url_alphabet(std::string base64) {
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  return base64;
}

std::string json_escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    if (c == '\n') escaped += "\\n";
    else if (c == '\t') escaped += "\\t";
    else if (c == '\r') escaped += "\\r";
    else escaped += c;
  }
  return escaped;
}

std::string percent_signs_escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) escaped += c == '%' ? std::string("%25") : std::string(1, c);
  return escaped;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Step { no, yes, text_ends };

/// Matches one character of a secret at `at`, plain or percent-encoded, and advances `at` past it.
Step take(std::string_view text, std::size_t& at, char wanted) {
  if (text[at] == wanted || (text[at] == '+' && wanted == ' ')) {
    ++at;
    return Step::yes;
  }
  if (text[at] != '%') return Step::no;
  const auto byte = static_cast<unsigned char>(wanted);
  if (at + 1 == text.size()) return Step::text_ends;
  if (hex_value(text[at + 1]) != byte >> 4) return Step::no;
  if (at + 2 == text.size()) return Step::text_ends;
  if (hex_value(text[at + 2]) != (byte & 15)) return Step::no;
  at += 3;
  return Step::yes;
}

bool ends_line(char c) { return c == '\n' || c == '\r'; }

/// Matches `needle` at the start of `text`: the length it takes up there, 0 if it does not match.
Secrets::Match compare(std::string_view needle, bool wraps, std::string_view text) {
  Secrets::Match match;
  std::size_t at = 0;
  for (std::size_t i = 0; i < needle.size(); ++i) {
    for (int line_ends = 0; wraps && i > 0 && line_ends < 2 && at < text.size() && ends_line(text[at]); ++line_ends) ++at;
    const Step step = at < text.size() ? take(text, at, needle[i]) : Step::text_ends;
    if (step == Step::no) return match;
    if (step == Step::text_ends) {
      match.may_go_on = true;
      return match;
    }
  }
  match.length = at;
  return match;
}

}  // namespace

void Secrets::add(std::string bytes, bool wraps) {
  if (bytes.empty()) return;
  const auto same = [&](const Needle& other) { return other.bytes == bytes && other.wraps == wraps; };
  if (std::any_of(needles_.begin(), needles_.end(), same)) return;
  begins_[static_cast<unsigned char>(bytes.front())] = true;
  begins_[static_cast<unsigned char>('%')] = true;
  if (bytes.front() == ' ') begins_[static_cast<unsigned char>('+')] = true;
  needles_.push_back(Needle{std::move(bytes), wraps});
}

void Secrets::hide(std::string_view value) {
  value = trimmed(value);
  add(std::string(value), false);
  add(json_escaped(value), false);
  add(percent_signs_escaped(value), false);
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const std::string core = base64_core(value, offset);
    if (core.size() < shortest_base64) continue;
    add(core, true);
    add(url_alphabet(core), true);
  }
  if (value.find('\n') == std::string_view::npos) return;
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find('\n', begin), value.size());
    const auto line = trimmed(value.substr(begin, end - begin));
    if (line.size() >= shortest_line) add(std::string(line), false);
    begin = end + 1;
  }
}

Secrets::Match Secrets::match(std::string_view text) const {
  Match longest;
  if (text.empty() || !begins_[static_cast<unsigned char>(text.front())]) return longest;
  for (const Needle& needle : needles_) {
    const Match one = compare(needle.bytes, needle.wraps, text);
    longest.length = std::max(longest.length, one.length);
    longest.may_go_on = longest.may_go_on || one.may_go_on;
  }
  return longest;
}

std::string Secrets::masked(std::string_view text) const {
  Mask mask(*this);
  std::string shown = mask.feed(text);
  return shown + mask.finish();
}

std::string Mask::feed(std::string_view bytes) {
  held_ += bytes;
  return advance(false);
}

std::string Mask::finish() { return advance(true); }

std::string Mask::advance(bool final) {
  if (secrets_.empty()) return std::exchange(held_, std::string());
  std::string shown;
  std::size_t at = 0;
  while (at < held_.size()) {
    const auto match = secrets_.match(std::string_view(held_).substr(at));
    if (match.may_go_on && !final) break;
    if (match.length == 0) {
      shown += held_[at++];
      continue;
    }
    shown += stars;
    at += match.length;
  }
  held_.erase(0, at);
  return shown;
}

}  // namespace slipway::build

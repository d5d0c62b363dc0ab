#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace slipway {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = lower(c);
  return copy;
}

bool is_tail(unsigned char c) noexcept { return (c & 0xc0) == 0x80; }

// The length of the well-formed UTF-8 character at the beginning of `text`, or 0.
std::size_t character_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = at(0), second = at(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return is_tail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!is_tail(second) || !is_tail(at(2))) return 0;
    const bool over_long = first == 0xe0 && second < 0xa0, surrogate = first == 0xed && second > 0x9f;
    return over_long || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!is_tail(second) || !is_tail(at(2)) || !is_tail(at(3))) return 0;
    const bool over_long = first == 0xf0 && second < 0x90, too_large = first == 0xf4 && second > 0x8f;
    return over_long || too_large ? 0 : 4;
  }
  return 0;
}

/// Length of a prefix that is certainly ASCII, checked eight bytes at a time: most texts are ASCII throughout.
std::size_t ascii_length(std::string_view text) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080;
  std::size_t length = 0;
  for (std::uint64_t word = 0; text.size() - length >= sizeof word; length += sizeof word) {
    std::memcpy(&word, text.data() + length, sizeof word);
    if ((word & high) != 0) break;
  }
  return length;
}

/// Length of the prefix that is printable ASCII.
std::size_t plain_length(std::string_view text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 0x20 && text[length] < 0x7f) ++length;
  return length;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t longest = 100;  // a longer name is not a typo, and the comparison is quadratic
  if (word.size() > longest) return std::nullopt;
  const std::string wanted = lower(word);
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& name : known) {
    if (name.size() > longest) continue;
    const std::size_t distance = edit_distance(wanted, lower(name));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = name;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const auto name = nearest_name(word, known);
  return name ? fmt::format(" (did you mean \"{}\"?)", *name) : std::string();
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string clean;
  clean.reserve(std::min(text.size(), limit) + 4);
  while (!text.empty()) {
    if (clean.size() >= limit) return clean += "…";
    if (const std::size_t plain = plain_length(text.substr(0, limit - clean.size())); plain > 0) {
      clean += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = character_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0) {
      clean += "\xef\xbf\xbd";
    } else if (first < 0x20 || first == 0x7f) {
      clean += fmt::format("\\x{:02x}", first);
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return clean;
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return printable(line, limit);
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    if (const std::size_t plain = ascii_length(text); plain > 0) {
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace slipway

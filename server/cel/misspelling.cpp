#include "cel/misspelling.hpp"

#include <algorithm>

namespace slipway::cel {

namespace {

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t first_character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && !begins_character(text[size])) ++size;
  return size;
}

// Whether at most `edits` insertions, deletions, replacements and swaps turn one text into the other, ignoring ASCII
// case. Most texts differ right at the start and cost no more than a look at it.
bool within(std::string_view a, std::string_view b, std::size_t edits) {
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && folded(a[same]) == folded(b[same])) ++same;
  while (same > 0 && same < a.size() && !begins_character(a[same])) --same;
  a.remove_prefix(same);
  b.remove_prefix(same);
  if (a.empty() && b.empty()) return true;
  if (edits == 0) return false;
  const auto rest = [](std::string_view text) { return text.substr(first_character(text)); };
  if (a.size() > 1 && b.size() > 1 && folded(a[0]) == folded(b[1]) && folded(a[1]) == folded(b[0]) && within(a.substr(2), b.substr(2), edits - 1)) return true;
  return (!a.empty() && !b.empty() && within(rest(a), rest(b), edits - 1)) || (!a.empty() && within(rest(a), b, edits - 1)) ||
         (!b.empty() && within(a, rest(b), edits - 1));
}

// Longer texts are not considered misspellings.
constexpr std::size_t longest = 200;

}  // namespace

// Each edit changes the letter counts by at most two in total. Letters are hashed by some bits of their first byte; a
// collision can only make texts look more alike.
Letters::Letters(std::string_view text) noexcept {
  for (const char c : text.substr(0, longest)) {
    if (begins_character(c)) ++counts_[static_cast<unsigned char>(folded(c)) % counts_.size()];
  }
}

std::size_t Letters::least_edits(const Letters& other) const noexcept {
  unsigned difference = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    difference += static_cast<unsigned>(std::max(counts_[i], other.counts_[i]) - std::min(counts_[i], other.counts_[i]));
  }
  return (difference + 1) / 2;
}

bool nearly(std::string_view a, std::string_view b) { return nearly(a, Letters(a), b, Letters(b)); }

bool nearly(std::string_view a, const Letters& of_a, std::string_view b, const Letters& of_b) {
  if (a == b || a.size() > longest || b.size() > longest) return false;
  const std::size_t edits = std::min<std::size_t>(2, b.size() / 4);
  return of_a.least_edits(of_b) <= edits && within(a, b, edits);
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return folded(x) == folded(y); });
}

}  // namespace slipway::cel

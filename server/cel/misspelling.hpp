#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace slipway::cel {

/// Counts of each letter in a text, ignoring case: rules out most pairs of texts without comparing them.
class Letters {
 public:
  explicit Letters(std::string_view text) noexcept;
  /// A lower bound on the number of edits between the texts, valid for texts short enough for nearly().
  std::size_t least_edits(const Letters& other) const noexcept;

 private:
  std::array<std::uint8_t, 32> counts_{};
};

/// Whether one was probably typed for the other: ignoring case, at most two edits, and few relative to the length.
bool nearly(std::string_view a, std::string_view b);
/// The same with precomputed letter counts.
bool nearly(std::string_view a, const Letters& of_a, std::string_view b, const Letters& of_b);

/// Equal except for the case of ASCII letters.
bool same_but_for_case(std::string_view a, std::string_view b);

}  // namespace slipway::cel

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace slipway::cel {

/// How often each letter occurs in a text, upper and lower case being the same: tells most texts apart without another look at them.
class Letters {
 public:
  explicit Letters(std::string_view text) noexcept;
  /// No fewer edits make one text of the other, where nearly() compares such long ones at all.
  std::size_t least_edits(const Letters& other) const noexcept;

 private:
  std::array<std::uint8_t, 32> counts_{};
};

/// Whether one was most likely typed for the other: but for case, at most two letters are different, and few of them all.
bool nearly(std::string_view a, std::string_view b);
/// The same where their letters are known.
bool nearly(std::string_view a, const Letters& of_a, std::string_view b, const Letters& of_b);

/// Upper and lower case of ASCII letters being the same.
bool same_but_for_case(std::string_view a, std::string_view b);

}  // namespace slipway::cel

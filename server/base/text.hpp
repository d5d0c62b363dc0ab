#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

/// How many letters have to be inserted, removed, exchanged or swapped with their neighbour to make one word of the other
/// (optimal string alignment). Bytes, no case folding.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name that a person most likely meant by `word`: at most a third of its letters differ. Case does not count.
std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> known);

/// ` (did you mean "name"?)`, or nothing: to be put behind an error about an unknown name.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// Compares ASCII letters without their case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Text from outside, fit for a log line or a message: control characters as `\xNN`, invalid UTF-8 as U+FFFD, cut to `limit`
/// bytes with `…`.
std::string printable(std::string_view text, std::size_t limit = 200);

/// What a program printed, as printable() on one line: lines are parted by blanks, and nothing follows the last.
std::string one_line(std::string_view text, std::size_t limit = 200);

/// True where `text` is well-formed UTF-8 (RFC 3629: no surrogates, nothing over-long).
bool is_utf8(std::string_view text) noexcept;

}  // namespace slipway

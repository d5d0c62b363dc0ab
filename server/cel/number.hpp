#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.hpp"

namespace slipway::cel {

inline bool is_number(const Value& value) noexcept {
  return value.is(Kind::int64) || value.is(Kind::uint64) || value.is(Kind::float64);
}

/// −1, 0 or 1: the order across int, uint and double as in cel-go (integers are compared with doubles as doubles);
/// nullopt if one is NaN or not a number.
std::optional<int> compare_numbers(const Value& left, const Value& right) noexcept;

/// The integer exactly equal to a double; nullopt if there is none.
std::optional<std::int64_t> exact_int64(double value) noexcept;
std::optional<std::uint64_t> exact_uint64(double value) noexcept;

/// Go's strconv.FormatFloat(v, 'g', -1, 64): `1e+20`, `+Inf`, `NaN`.
std::string format_shortest(double value);
/// Go's strconv.FormatFloat(v, 'f', -1, 64): all digits, no exponent; NaN, +Inf and -Inf as in Go.
std::string format_plain(double value);
/// A double as printed by Go's encoding/json: with an exponent below 1e-6 and from 1e21 on.
std::string format_json_number(double value);

/// Go's strconv.ParseInt/ParseUint with base 10 or 16; nullopt if the text is not such a number or is out of range.
std::optional<std::int64_t> parse_int64(std::string_view text, int base = 10) noexcept;
std::optional<std::uint64_t> parse_uint64(std::string_view text, int base = 10) noexcept;
/// Go's strconv.ParseFloat: also inf, infinity, nan, and hexadecimal with a p exponent, but no underscores. Nullopt if
/// it is not a number or beyond the largest double.
std::optional<double> parse_float64(std::string_view text);

}  // namespace slipway::cel

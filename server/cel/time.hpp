#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.hpp"

namespace slipway::cel {

/// The range of timestamps, 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, in seconds since 1970.
constexpr std::int64_t min_seconds = -62135596800;
constexpr std::int64_t max_seconds = 253402300799;

/// A local date and time of day.
struct Civil {
  std::int64_t year = 1970;
  int month = 1, day = 1;                 ///< from 1
  int hour = 0, minute = 0, second = 0;
  int weekday = 0;                        ///< Sunday is 0
  int day_of_year = 0;                    ///< from 0
};
Civil civil(std::int64_t seconds) noexcept;
std::int64_t seconds_of(std::int64_t year, int month, int day, int hour, int minute, int second) noexcept;

/// Parses RFC 3339 like cel-go; a timestamp, or an error.
Value parse_timestamp(std::string_view text);
/// Go's time.RFC3339Nano without trailing zeros in the fraction, in UTC or in the offset that the timestamp was written with.
std::string format_timestamp(const Value& timestamp, bool utc);

/// Go's time.ParseDuration: `-1h2m3.5s`. A duration, or an error.
Value parse_duration(std::string_view text);
/// The form that string() gives a duration: seconds with a fraction, `-1.5s`.
std::string format_duration(std::int64_t nanoseconds);

/// The timestamp shifted forward, or backward with `back`; an error if outside the range of timestamps.
Value shift_timestamp(const Value& timestamp, std::int64_t nanoseconds, bool back);
/// left − right as a duration; an error if out of range.
Value timestamp_difference(const Value& left, const Value& right);

}  // namespace slipway::cel

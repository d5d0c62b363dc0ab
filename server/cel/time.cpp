#include "cel/time.hpp"

#include <cmath>
#include <limits>

#include "cel/number.hpp"

namespace slipway::cel {

namespace {

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t nano = 1'000'000'000;

// Days since 1970-01-01 for a date in the proleptic Gregorian calendar, and the inverse (Howard Hinnant,
// chrono-compatible algorithms).
std::int64_t days_from_civil(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_from_days(std::int64_t days, Civil& made) noexcept {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t of_era = days - era * 146097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * of_year + 2) / 153;
  made.day = static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1);
  made.month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  made.year = year_of_era + era * 400 + (made.month <= 2 ? 1 : 0);
}

bool is_leap(std::int64_t year) noexcept { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(std::int64_t year, int month) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads RFC 3339 front to back; a failure is permanent.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  bool accept(char c) {
    if (failed_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) failed_ = true;
  }
  bool digit_follows() const { return !rest_.empty() && is_digit(rest_.front()); }
  bool ok() const { return !failed_; }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::uint32_t fraction(Reader& reader) {
  std::uint32_t nanoseconds = 0;
  std::uint32_t unit = 100'000'000;
  if (!reader.digit_follows()) reader.expect('0');
  while (reader.digit_follows()) {
    nanoseconds += static_cast<std::uint32_t>(reader.digits(1)) * unit;
    unit /= 10;
  }
  return nanoseconds;
}

Value not_a_timestamp(std::string_view text) { return Value::error("invalid RFC 3339 timestamp \"" + std::string(text) + "\""); }
Value out_of_years() { return Value::error("timestamp overflow"); }

std::string two_digits(int value) { return std::string(1, static_cast<char>('0' + value / 10)) + static_cast<char>('0' + value % 10); }

std::string fraction_text(std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return "";
  std::string digits = std::to_string(nanoseconds);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

std::string zone_text(int minutes_east) {
  if (minutes_east == 0) return "Z";
  const int size = std::abs(minutes_east);
  return (minutes_east < 0 ? "-" : "+") + two_digits(size / 60) + ":" + two_digits(size % 60);
}

}  // namespace

Civil civil(std::int64_t seconds) noexcept {
  std::int64_t days = seconds / day_seconds;
  std::int64_t rest = seconds % day_seconds;
  if (rest < 0) {
    rest += day_seconds;
    --days;
  }
  Civil made;
  civil_from_days(days, made);
  made.hour = static_cast<int>(rest / 3600);
  made.minute = static_cast<int>(rest / 60 % 60);
  made.second = static_cast<int>(rest % 60);
  made.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  made.day_of_year = static_cast<int>(days - days_from_civil(made.year, 1, 1));
  return made;
}

std::int64_t seconds_of(std::int64_t year, int month, int day, int hour, int minute, int second) noexcept {
  return days_from_civil(year, month, day) * day_seconds + hour * 3600 + minute * 60 + second;
}

Value parse_timestamp(std::string_view text) {
  Reader in(text);
  const int year = in.digits(4);
  in.expect('-');
  const int month = in.digits(2);
  in.expect('-');
  const int day = in.digits(2);
  in.expect('T');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  std::uint32_t nanoseconds = 0;
  if (in.accept('.')) nanoseconds = fraction(in);
  int minutes_east = 0;
  if (in.ok() && !in.accept('Z')) {
    const bool west = in.accept('-');
    if (!west) in.expect('+');
    const int hours = in.digits(2);
    in.expect(':');
    const int minutes = in.digits(2);
    if (hours > 23 || minutes > 59) return not_a_timestamp(text);
    minutes_east = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  if (!in.done() || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 59) {
    return not_a_timestamp(text);
  }
  const std::int64_t seconds = seconds_of(year, month, day, hour, minute, second) - minutes_east * 60;
  return seconds < min_seconds || seconds > max_seconds ? out_of_years() : Value::timestamp(seconds, nanoseconds, minutes_east);
}

std::string format_timestamp(const Value& timestamp, bool utc) {
  const int east = utc ? 0 : timestamp.minutes_east();
  const Civil c = civil(timestamp.seconds() + east * 60);
  std::string year = std::to_string(c.year);
  year.insert(0, year.size() < 4 ? 4 - year.size() : 0, '0');
  return year + "-" + two_digits(c.month) + "-" + two_digits(c.day) + "T" + two_digits(c.hour) + ":" + two_digits(c.minute) + ":" +
         two_digits(c.second) + fraction_text(timestamp.nanoseconds()) + zone_text(east);
}

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

std::int64_t unit_of(std::string_view name) {
  constexpr Unit units[] = {{"ns", 1}, {"us", 1000}, {"µs", 1000}, {"μs", 1000}, {"ms", 1'000'000},
                            {"s", nano}, {"m", 60 * nano}, {"h", 3600 * nano}};
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.nanoseconds;
  }
  return 0;
}

constexpr std::uint64_t limit = std::uint64_t{1} << 63;

// Go's leadingInt: digits up to 2^63; false on overflow.
bool leading_digits(std::string_view& rest, std::uint64_t& value) {
  value = 0;
  while (!rest.empty() && is_digit(rest.front())) {
    if (value > limit / 10) return false;
    value = value * 10 + static_cast<std::uint64_t>(rest.front() - '0');
    if (value > limit) return false;
    rest.remove_prefix(1);
  }
  return true;
}

// Go's leadingFraction: digits that do not fit are skipped.
double leading_fraction(std::string_view& rest, std::uint64_t& value) {
  value = 0;
  double scale = 1;
  bool full = false;
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
    if (full) continue;
    if (value > (limit - 1) / 10) {
      full = true;
      continue;
    }
    const std::uint64_t next = value * 10 + static_cast<std::uint64_t>(rest.front() - '0');
    if (next > limit) {
      full = true;
      continue;
    }
    value = next;
    scale *= 10;
  }
  return scale;
}

// One number with its unit, in nanoseconds; nullopt if malformed or too large.
std::optional<std::uint64_t> duration_part(std::string_view& rest) {
  if (rest.front() != '.' && !is_digit(rest.front())) return std::nullopt;
  std::uint64_t whole = 0;
  const std::size_t before = rest.size();
  if (!leading_digits(rest, whole)) return std::nullopt;
  bool any = rest.size() != before;
  std::uint64_t part = 0;
  double scale = 1;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    const std::size_t size = rest.size();
    scale = leading_fraction(rest, part);
    any = any || rest.size() != size;
  }
  if (!any) return std::nullopt;
  const std::size_t size = std::min(rest.find_first_of(".0123456789"), rest.size());
  const std::int64_t unit = unit_of(rest.substr(0, size));
  if (unit == 0 || whole > limit / static_cast<std::uint64_t>(unit)) return std::nullopt;
  rest.remove_prefix(size);
  std::uint64_t value = whole * static_cast<std::uint64_t>(unit);
  if (part > 0) value += static_cast<std::uint64_t>(static_cast<double>(part) * (static_cast<double>(unit) / scale));
  if (value > limit) return std::nullopt;
  return value;
}

Value not_a_duration() { return Value::error("type conversion error from 'string' to 'google.protobuf.Duration'"); }

}  // namespace

Value parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Value::duration(0);
  if (text.empty()) return not_a_duration();
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto part = duration_part(text);
    if (!part) return not_a_duration();
    total += *part;
    if (total > limit) return not_a_duration();
  }
  if (negative) return Value::duration(static_cast<std::int64_t>(0 - total));
  return total > limit - 1 ? not_a_duration() : Value::duration(static_cast<std::int64_t>(total));
}

// As in Go, whole seconds and the remainder are divided separately and added as doubles.
std::string format_duration(std::int64_t nanoseconds) {
  const double seconds = static_cast<double>(nanoseconds / nano) + static_cast<double>(nanoseconds % nano) / 1e9;
  return format_plain(seconds) + "s";
}

Value shift_timestamp(const Value& timestamp, std::int64_t nanoseconds, bool back) {
  std::int64_t seconds = nanoseconds / nano;
  std::int64_t rest = nanoseconds % nano;
  if (back) {
    seconds = -seconds;
    rest = -rest;
  }
  seconds += timestamp.seconds();
  rest += timestamp.nanoseconds();
  if (rest < 0) {
    rest += nano;
    --seconds;
  } else if (rest >= nano) {
    rest -= nano;
    ++seconds;
  }
  return seconds < min_seconds || seconds > max_seconds ? out_of_years() : Value::timestamp(seconds, static_cast<std::uint32_t>(rest), timestamp.minutes_east());
}

Value timestamp_difference(const Value& left, const Value& right) {
  const std::int64_t seconds = left.seconds() - right.seconds();
  const std::int64_t rest = static_cast<std::int64_t>(left.nanoseconds()) - static_cast<std::int64_t>(right.nanoseconds());
  std::int64_t made = 0;
  if (__builtin_mul_overflow(seconds, nano, &made) || __builtin_add_overflow(made, rest, &made)) {
    return Value::error(Fault::integer_overflow);
  }
  return Value::duration(made);
}

}  // namespace slipway::cel

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/time.hpp"
#include "cel/time_zone.hpp"

namespace slipway::cel::functions {

namespace {

constexpr std::int64_t second = 1'000'000'000;

using Part = std::int64_t (*)(const Civil&, const Value& timestamp);

std::int64_t date(const Civil& c, const Value&) { return c.day; }
std::int64_t day_of_month(const Civil& c, const Value&) { return c.day - 1; }
std::int64_t day_of_week(const Civil& c, const Value&) { return c.weekday; }
std::int64_t day_of_year(const Civil& c, const Value&) { return c.day_of_year; }
std::int64_t full_year(const Civil& c, const Value&) { return c.year; }
std::int64_t hours(const Civil& c, const Value&) { return c.hour; }
std::int64_t milliseconds(const Civil&, const Value& timestamp) { return timestamp.nanoseconds() / 1'000'000; }
std::int64_t minutes(const Civil& c, const Value&) { return c.minute; }
std::int64_t month(const Civil& c, const Value&) { return c.month - 1; }
std::int64_t seconds(const Civil& c, const Value&) { return c.second; }

Value in_utc(const Value* args, Part part) { return Value::int64(part(civil(args[0].seconds()), args[0])); }

Value in_zone(Evaluation& evaluation, const Value* args, Part part) {
  evaluation.charge(16 * 64);  // reads a zone file
  const auto offset = utc_offset(args[1].text(), args[0].seconds());
  if (!offset) return Value::error("unknown time zone " + std::string(args[1].text()));
  return Value::int64(part(civil(args[0].seconds() + *offset), args[0]));
}

// Like Go's Duration.Hours etc.: whole units plus remainder, added as doubles.
Value whole(const Value* args, std::int64_t unit) {
  const std::int64_t value = args[0].as_int64();
  return Value::int64(static_cast<std::int64_t>(static_cast<double>(value / unit) + static_cast<double>(value % unit) / static_cast<double>(unit)));
}

}  // namespace

Value get_date(Evaluation&, const Value* args) { return in_utc(args, date); }
Value get_day_of_month(Evaluation&, const Value* args) { return in_utc(args, day_of_month); }
Value get_day_of_week(Evaluation&, const Value* args) { return in_utc(args, day_of_week); }
Value get_day_of_year(Evaluation&, const Value* args) { return in_utc(args, day_of_year); }
Value get_full_year(Evaluation&, const Value* args) { return in_utc(args, full_year); }
Value get_hours(Evaluation&, const Value* args) { return in_utc(args, hours); }
Value get_milliseconds(Evaluation&, const Value* args) { return in_utc(args, milliseconds); }
Value get_minutes(Evaluation&, const Value* args) { return in_utc(args, minutes); }
Value get_month(Evaluation&, const Value* args) { return in_utc(args, month); }
Value get_seconds(Evaluation&, const Value* args) { return in_utc(args, seconds); }

Value get_date_in(Evaluation& e, const Value* args) { return in_zone(e, args, date); }
Value get_day_of_month_in(Evaluation& e, const Value* args) { return in_zone(e, args, day_of_month); }
Value get_day_of_week_in(Evaluation& e, const Value* args) { return in_zone(e, args, day_of_week); }
Value get_day_of_year_in(Evaluation& e, const Value* args) { return in_zone(e, args, day_of_year); }
Value get_full_year_in(Evaluation& e, const Value* args) { return in_zone(e, args, full_year); }
Value get_hours_in(Evaluation& e, const Value* args) { return in_zone(e, args, hours); }
Value get_milliseconds_in(Evaluation& e, const Value* args) { return in_zone(e, args, milliseconds); }
Value get_minutes_in(Evaluation& e, const Value* args) { return in_zone(e, args, minutes); }
Value get_month_in(Evaluation& e, const Value* args) { return in_zone(e, args, month); }
Value get_seconds_in(Evaluation& e, const Value* args) { return in_zone(e, args, seconds); }

Value duration_hours(Evaluation&, const Value* args) { return whole(args, 3600 * second); }
Value duration_minutes(Evaluation&, const Value* args) { return whole(args, 60 * second); }
Value duration_seconds(Evaluation&, const Value* args) { return whole(args, second); }
Value duration_milliseconds(Evaluation&, const Value* args) { return Value::int64(args[0].as_int64() / 1'000'000); }

}  // namespace slipway::cel::functions

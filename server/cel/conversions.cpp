#include <cmath>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/number.hpp"
#include "cel/text.hpp"
#include "cel/time.hpp"

namespace slipway::cel::functions {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

Value not_convertible(const Value& value, const char* to) {
  return Value::error("type conversion error from '" + std::string(type_name(value)) + "' to '" + to + "'");
}

Value overflow() { return Value::error(Fault::integer_overflow); }
Value unsigned_overflow() { return Value::error("unsigned integer overflow"); }

}  // namespace

Value size(Evaluation& evaluation, const Value* args) {
  if (!args[0].is(Kind::string)) return Value::int64(static_cast<std::int64_t>(args[0].size()));
  evaluation.charge(args[0].size());
  return Value::int64(static_cast<std::int64_t>(count_runes(args[0].text())));
}

Value type(Evaluation&, const Value* args) { return Value::type(type_name(args[0])); }

// Go's strconv.ParseBool.
Value to_bool(Evaluation&, const Value* args) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (args[0].text() == yes) return Value::boolean(true);
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (args[0].text() == no) return Value::boolean(false);
  }
  return not_convertible(args[0], "bool");
}

Value to_bytes(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(args[0].size())) return Value();
  return Value::bytes(std::string(args[0].text()));
}

Value to_double(Evaluation& evaluation, const Value* args) {
  switch (args[0].kind()) {
    case Kind::int64: return Value::float64(static_cast<double>(args[0].as_int64()));
    case Kind::uint64: return Value::float64(static_cast<double>(args[0].as_uint64()));
    default: break;
  }
  evaluation.charge(args[0].size());
  const auto value = parse_float64(args[0].text());
  return value ? Value::float64(*value) : not_convertible(args[0], "double");
}

Value to_duration(Evaluation&, const Value* args) { return parse_duration(args[0].text()); }

Value to_int(Evaluation&, const Value* args) {
  switch (args[0].kind()) {
    case Kind::float64: {
      const double value = args[0].as_float64();
      return value > -two_to_63 && value < two_to_63 ? Value::int64(static_cast<std::int64_t>(value)) : overflow();
    }
    case Kind::uint64: return args[0].as_uint64() > INT64_MAX ? overflow() : Value::int64(args[0].as_int64());
    case Kind::timestamp: return Value::int64(args[0].seconds());
    case Kind::duration: return Value::int64(args[0].as_int64());
    default: break;
  }
  const auto value = parse_int64(args[0].text());
  return value ? Value::int64(*value) : not_convertible(args[0], "int");
}

Value to_uint(Evaluation&, const Value* args) {
  switch (args[0].kind()) {
    case Kind::float64: {
      const double value = args[0].as_float64();
      return value >= 0 && value < two_to_64 ? Value::uint64(static_cast<std::uint64_t>(value)) : unsigned_overflow();
    }
    case Kind::int64: return args[0].as_int64() < 0 ? unsigned_overflow() : Value::uint64(args[0].as_uint64());
    default: break;
  }
  const auto value = parse_uint64(args[0].text());
  return value ? Value::uint64(*value) : not_convertible(args[0], "uint");
}

Value to_string(Evaluation& evaluation, const Value* args) {
  switch (args[0].kind()) {
    case Kind::boolean: return Value::string(args[0].as_bool() ? "true" : "false");
    case Kind::int64: return Value::string(std::to_string(args[0].as_int64()));
    case Kind::uint64: return Value::string(std::to_string(args[0].as_uint64()));
    case Kind::float64: return Value::string(format_shortest(args[0].as_float64()));
    case Kind::timestamp: return Value::string(format_timestamp(args[0], false));
    case Kind::duration: return Value::string(format_duration(args[0].as_int64()));
    default: break;
  }
  if (!evaluation.reserve(args[0].size())) return Value();
  if (!is_utf8(args[0].text())) return Value::error("invalid UTF-8 in bytes, cannot convert to string");
  return Value::string(std::string(args[0].text()));
}

Value to_timestamp(Evaluation&, const Value* args) {
  if (args[0].is(Kind::string)) return parse_timestamp(args[0].text());
  const std::int64_t seconds = args[0].as_int64();
  return seconds < min_seconds || seconds > max_seconds ? Value::error("timestamp overflow") : Value::timestamp(seconds, 0);
}

}  // namespace slipway::cel::functions

#include "cel/operators.hpp"

#include <cmath>
#include <limits>

#include "cel/eval.hpp"
#include "cel/number.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

Value no_overload() { return Value::error(Fault::no_such_overload); }
Value overflow() { return Value::error(Fault::integer_overflow); }
Value unsigned_overflow() { return Value::error("unsigned integer overflow"); }

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

Value concatenate(Evaluation& evaluation, const Value& left, const Value& right) {
  if (!evaluation.reserve(left.size() + right.size())) return Value();
  std::string text;
  text.reserve(left.size() + right.size());
  text += left.text();
  text += right.text();
  return left.is(Kind::string) ? Value::string(std::move(text)) : Value::bytes(std::move(text));
}

Value join_lists(Evaluation& evaluation, const Value& left, const Value& right) {
  if (!evaluation.reserve((left.size() + right.size()) * sizeof(Value))) return Value();
  std::vector<Value> items;
  items.reserve(left.size() + right.size());
  for (std::size_t i = 0; i < left.size(); ++i) items.push_back(left.at(i));
  for (std::size_t i = 0; i < right.size(); ++i) items.push_back(right.at(i));
  return Value::list(std::move(items));
}

bool kinds_are(const Value& left, Kind a, const Value& right, Kind b) { return left.is(a) && right.is(b); }

Value moved(const Value& timestamp, std::int64_t nanoseconds, bool back) { return shift_timestamp(timestamp, nanoseconds, back); }

}  // namespace

Value negate(const Value& value) {
  switch (value.kind()) {
    case Kind::int64: return value.as_int64() == smallest ? overflow() : Value::int64(-value.as_int64());
    case Kind::float64: return Value::float64(-value.as_float64());
    case Kind::duration: return value.as_int64() == smallest ? overflow() : Value::duration(-value.as_int64());
    default: return no_overload();
  }
}

Value add(Evaluation& evaluation, const Value& left, const Value& right) {
  if (kinds_are(left, Kind::duration, right, Kind::timestamp)) return moved(right, left.as_int64(), false);
  if (kinds_are(left, Kind::timestamp, right, Kind::duration)) return moved(left, right.as_int64(), false);
  if (left.kind() != right.kind()) return no_overload();
  std::int64_t sum = 0;
  std::uint64_t natural = 0;
  switch (left.kind()) {
    case Kind::int64:
      return __builtin_add_overflow(left.as_int64(), right.as_int64(), &sum) ? overflow() : Value::int64(sum);
    case Kind::uint64:
      return __builtin_add_overflow(left.as_uint64(), right.as_uint64(), &natural) ? unsigned_overflow() : Value::uint64(natural);
    case Kind::float64: return Value::float64(left.as_float64() + right.as_float64());
    case Kind::string:
    case Kind::bytes: return concatenate(evaluation, left, right);
    case Kind::list: return join_lists(evaluation, left, right);
    case Kind::duration:
      return __builtin_add_overflow(left.as_int64(), right.as_int64(), &sum) ? overflow() : Value::duration(sum);
    default: return no_overload();
  }
}

Value subtract(const Value& left, const Value& right) {
  if (kinds_are(left, Kind::timestamp, right, Kind::duration)) return moved(left, right.as_int64(), true);
  if (left.kind() != right.kind()) return no_overload();
  std::int64_t difference = 0;
  std::uint64_t natural = 0;
  switch (left.kind()) {
    case Kind::int64:
      return __builtin_sub_overflow(left.as_int64(), right.as_int64(), &difference) ? overflow() : Value::int64(difference);
    case Kind::uint64:
      return __builtin_sub_overflow(left.as_uint64(), right.as_uint64(), &natural) ? unsigned_overflow() : Value::uint64(natural);
    case Kind::float64: return Value::float64(left.as_float64() - right.as_float64());
    case Kind::duration:
      return __builtin_sub_overflow(left.as_int64(), right.as_int64(), &difference) ? overflow() : Value::duration(difference);
    case Kind::timestamp: return timestamp_difference(left, right);
    default: return no_overload();
  }
}

Value multiply(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return no_overload();
  std::int64_t product = 0;
  std::uint64_t natural = 0;
  switch (left.kind()) {
    case Kind::int64:
      return __builtin_mul_overflow(left.as_int64(), right.as_int64(), &product) ? overflow() : Value::int64(product);
    case Kind::uint64:
      return __builtin_mul_overflow(left.as_uint64(), right.as_uint64(), &natural) ? unsigned_overflow() : Value::uint64(natural);
    case Kind::float64: return Value::float64(left.as_float64() * right.as_float64());
    default: return no_overload();
  }
}

Value divide(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return no_overload();
  switch (left.kind()) {
    case Kind::int64:
      if (right.as_int64() == 0) return Value::error(Fault::division_by_zero);
      if (left.as_int64() == smallest && right.as_int64() == -1) return overflow();
      return Value::int64(left.as_int64() / right.as_int64());
    case Kind::uint64:
      return right.as_uint64() == 0 ? Value::error(Fault::division_by_zero) : Value::uint64(left.as_uint64() / right.as_uint64());
    case Kind::float64: return Value::float64(left.as_float64() / right.as_float64());
    default: return no_overload();
  }
}

Value modulo(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return no_overload();
  switch (left.kind()) {
    case Kind::int64:
      if (right.as_int64() == 0) return Value::error(Fault::modulus_by_zero);
      if (left.as_int64() == smallest && right.as_int64() == -1) return overflow();
      return Value::int64(left.as_int64() % right.as_int64());
    case Kind::uint64:
      return right.as_uint64() == 0 ? Value::error(Fault::modulus_by_zero) : Value::uint64(left.as_uint64() % right.as_uint64());
    default: return no_overload();
  }
}

namespace {

Value sign_of(int order) { return Value::int64(order < 0 ? -1 : order > 0 ? 1 : 0); }

template <class T>
Value order_of(const T& left, const T& right) {
  return Value::int64(left < right ? -1 : right < left ? 1 : 0);
}

}  // namespace

Value compare(const Value& left, const Value& right) {
  if (is_number(left) && is_number(right)) {
    const auto order = compare_numbers(left, right);
    return order ? Value::int64(*order) : Value::error("NaN values cannot be ordered");
  }
  if (left.is(Kind::float64) && std::isnan(left.as_float64())) return Value::error("NaN values cannot be ordered");
  if (left.kind() != right.kind()) return no_overload();
  switch (left.kind()) {
    case Kind::boolean: return order_of(left.as_bool(), right.as_bool());
    case Kind::string:
    case Kind::bytes: return sign_of(left.text().compare(right.text()));
    case Kind::duration: return order_of(left.as_int64(), right.as_int64());
    case Kind::timestamp:
      return left.seconds() == right.seconds() ? order_of(left.nanoseconds(), right.nanoseconds()) : order_of(left.seconds(), right.seconds());
    default: return no_overload();
  }
}

bool is_unordered(const Value& left, const Value& right) {
  const auto is_nan = [](const Value& value) { return value.is(Kind::float64) && std::isnan(value.as_float64()); };
  return is_nan(left) || (is_nan(right) && !compare(left, left).is_error());
}

namespace {

Value index_list(const Value& list, const Value& key) {
  std::optional<std::int64_t> at;
  switch (key.kind()) {
    case Kind::int64: at = key.as_int64(); break;
    case Kind::uint64:
      if (key.as_uint64() <= INT64_MAX) at = key.as_int64();
      break;
    case Kind::float64:
      at = exact_int64(key.as_float64());
      if (!at) return Value::error("unsupported index value " + format_shortest(key.as_float64()) + " in list");
      break;
    default: return Value::error("unsupported index type '" + std::string(type_name(key)) + "' in list");
  }
  if (!at || *at < 0 || static_cast<std::uint64_t>(*at) >= list.size()) {
    return Value::error("index out of bounds: " + (at ? std::to_string(*at) : std::to_string(key.as_uint64())));
  }
  return list.at(static_cast<std::size_t>(*at));
}

std::string key_text(const Value& key) {
  switch (key.kind()) {
    case Kind::boolean: return key.as_bool() ? "true" : "false";
    case Kind::int64: return std::to_string(key.as_int64());
    case Kind::uint64: return std::to_string(key.as_uint64());
    case Kind::float64: return format_shortest(key.as_float64());
    default: return "";
  }
}

}  // namespace

// Go cannot hash a byte slice: cel-go panics and recovers.
Value unhashable() { return Value::error("bytes cannot be looked up by their hash"); }

Value has_key(const Value& map, const Value& key) {
  if (key.is(Kind::bytes) && map.is_built() && map.size() > 0) return unhashable();
  Value found;
  return Value::boolean(map.find(key, found));
}

Value index_value(const Value& container, const Value& key) {
  switch (key.kind()) {
    case Kind::string:
    case Kind::boolean:
    case Kind::int64:
    case Kind::uint64:
    case Kind::float64: break;
    default: return Value::error("invalid qualifier type: " + std::string(type_name(key)));
  }
  if (container.is(Kind::list)) return index_list(container, key);
  Value found;
  if (container.is(Kind::map) && container.find(key, found)) return found;
  return key.is(Kind::string) ? Value::no_such_key(key) : Value::error("no such key: " + key_text(key));
}

}  // namespace slipway::cel

#include <cmath>
#include <limits>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/number.hpp"
#include "cel/operators.hpp"

namespace slipway::cel::functions {

namespace {

Value no_overload() { return Value::error(Fault::no_such_overload); }

// The greater (wanted = 1) or lesser (wanted = −1) of two values; the first if they are equal.
Value extreme(const Value& left, const Value& right, int wanted) {
  const Value order = compare(left, right);
  if (order.is_error()) return order;
  return order.as_int64() == -wanted ? right : left;
}

Value extreme_of(const Value& list, int wanted, const char* name) {
  if (list.size() == 0) return Value::error(std::string(name) + " argument must not be empty");
  Value best = list.at(0);
  if (!is_number(best)) return no_overload();
  for (std::size_t i = 1; i < list.size(); ++i) {
    const Value item = list.at(i);
    if (!is_number(item)) return no_overload();
    best = extreme(best, item, wanted);
    if (best.is_error()) return best;
  }
  return best;
}

template <class Operation>
Value bitwise(const Value* args, Operation operation) {
  const std::uint64_t bits = operation(args[0].as_uint64(), args[1].as_uint64());
  return args[0].is(Kind::int64) ? Value::int64(static_cast<std::int64_t>(bits)) : Value::uint64(bits);
}

Value shifted(const Value* args, bool left) {
  const std::int64_t by = args[1].as_int64();
  if (by < 0) return Value::error(std::string(left ? "math.bitShiftLeft()" : "math.bitShiftRight()") + " negative offset: " + std::to_string(by));
  // Logical shift, even for int: the sign is not preserved.
  const std::uint64_t bits = by >= 64 ? 0 : left ? args[0].as_uint64() << by : args[0].as_uint64() >> by;
  return args[0].is(Kind::int64) ? Value::int64(static_cast<std::int64_t>(bits)) : Value::uint64(bits);
}

}  // namespace

Value same(Evaluation&, const Value* args) { return args[0]; }

Value greatest_of_two(Evaluation&, const Value* args) { return extreme(args[0], args[1], 1); }
Value least_of_two(Evaluation&, const Value* args) { return extreme(args[0], args[1], -1); }
Value greatest_of_list(Evaluation&, const Value* args) { return extreme_of(args[0], 1, "math.@max(list)"); }
Value least_of_list(Evaluation&, const Value* args) { return extreme_of(args[0], -1, "math.@min(list)"); }

Value abs(Evaluation&, const Value* args) {
  switch (args[0].kind()) {
    case Kind::float64: return Value::float64(std::fabs(args[0].as_float64()));
    case Kind::int64: return args[0].as_int64() < 0 ? negate(args[0]) : args[0];
    default: return args[0];
  }
}

Value sign(Evaluation&, const Value* args) {
  switch (args[0].kind()) {
    case Kind::float64: {
      const double value = args[0].as_float64();
      return std::isnan(value) ? args[0] : Value::float64(value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0);
    }
    case Kind::int64: return Value::int64(args[0].as_int64() > 0 ? 1 : args[0].as_int64() < 0 ? -1 : 0);
    default: return Value::uint64(args[0].as_uint64() > 0 ? 1 : 0);
  }
}

Value ceil(Evaluation&, const Value* args) { return Value::float64(std::ceil(args[0].as_float64())); }
Value floor(Evaluation&, const Value* args) { return Value::float64(std::floor(args[0].as_float64())); }
Value round(Evaluation&, const Value* args) { return Value::float64(std::round(args[0].as_float64())); }
Value trunc(Evaluation&, const Value* args) { return Value::float64(std::trunc(args[0].as_float64())); }

Value sqrt(Evaluation&, const Value* args) {
  switch (args[0].kind()) {
    case Kind::float64: return Value::float64(std::sqrt(args[0].as_float64()));
    case Kind::int64: return Value::float64(std::sqrt(static_cast<double>(args[0].as_int64())));
    default: return Value::float64(std::sqrt(static_cast<double>(args[0].as_uint64())));
  }
}

Value is_nan(Evaluation&, const Value* args) { return Value::boolean(std::isnan(args[0].as_float64())); }
Value is_inf(Evaluation&, const Value* args) { return Value::boolean(std::isinf(args[0].as_float64())); }
Value is_finite(Evaluation&, const Value* args) { return Value::boolean(std::isfinite(args[0].as_float64())); }

Value bit_and(Evaluation&, const Value* args) { return bitwise(args, [](auto a, auto b) { return a & b; }); }
Value bit_or(Evaluation&, const Value* args) { return bitwise(args, [](auto a, auto b) { return a | b; }); }
Value bit_xor(Evaluation&, const Value* args) { return bitwise(args, [](auto a, auto b) { return a ^ b; }); }

Value bit_not(Evaluation&, const Value* args) {
  return args[0].is(Kind::int64) ? Value::int64(~args[0].as_int64()) : Value::uint64(~args[0].as_uint64());
}

Value bit_shift_left(Evaluation&, const Value* args) { return shifted(args, true); }
Value bit_shift_right(Evaluation&, const Value* args) { return shifted(args, false); }

}  // namespace slipway::cel::functions

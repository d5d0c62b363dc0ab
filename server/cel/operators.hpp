#pragma once

#include "cel/plan.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

class Evaluation;

// Arithmetic and ordering of cel-go's types; operands must not be errors. Kinds that do not go together: no_such_overload.

Value negate(const Value& value);
Value add(Evaluation& evaluation, const Value& left, const Value& right);
Value subtract(const Value& left, const Value& right);
Value multiply(const Value& left, const Value& right);
Value divide(const Value& left, const Value& right);
Value modulo(const Value& left, const Value& right);

/// The order of two values as an int −1, 0 or 1, or an error.
Value compare(const Value& left, const Value& right);
/// True if one of two comparable values is NaN, so that `<`, `<=`, `>` and `>=` are all false.
bool is_unordered(const Value& left, const Value& right);

/// The error of looking bytes up in a map, or in a set made from a literal list.
Value unhashable();
/// `key in map`.
Value has_key(const Value& map, const Value& key);
/// `container[key]`.
Value index_value(const Value& container, const Value& key);

}  // namespace slipway::cel

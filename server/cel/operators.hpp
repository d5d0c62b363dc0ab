#pragma once

#include "cel/plan.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

class Evaluation;

// Arithmetic and order as cel-go's types have them; the operands are no errors. Where two kinds do not go together: no such overload.

Value negate(const Value& value);
Value add(Evaluation& evaluation, const Value& left, const Value& right);
Value subtract(const Value& left, const Value& right);
Value multiply(const Value& left, const Value& right);
Value divide(const Value& left, const Value& right);
Value modulo(const Value& left, const Value& right);

/// The order of two values as an int −1, 0, 1, or an error.
Value compare(const Value& left, const Value& right);
/// Whether `<` and its like are false whatever they ask: one of two comparable values is NaN.
bool is_unordered(const Value& left, const Value& right);

/// What looking bytes up in a map or in a set made of a literal list comes to.
Value unhashable();
/// `key in map`.
Value has_key(const Value& map, const Value& key);
/// `container[key]`.
Value index_value(const Value& container, const Value& key);

}  // namespace slipway::cel

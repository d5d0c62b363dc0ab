#include <algorithm>
#include <numeric>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/operators.hpp"

namespace slipway::cel::functions {

namespace {

constexpr std::int64_t longest_range = 1'000'000;

bool contains_value(Evaluation& evaluation, const std::vector<Value>& items, const Value& wanted) {
  return std::any_of(items.begin(), items.end(), [&](const Value& item) {
    evaluation.charge(16);
    return !evaluation.exhausted() && evaluation.equal(wanted, item);
  });
}

bool contains_value(Evaluation& evaluation, const Value& list, const Value& wanted) {
  for (std::size_t i = 0; i < list.size() && !evaluation.exhausted(); ++i) {
    evaluation.charge(16);
    if (evaluation.equal(wanted, list.at(i))) return true;
  }
  return false;
}

void flatten_into(Evaluation& evaluation, const Value& list, std::int64_t depth, int level, std::vector<Value>& items) {
  for (std::size_t i = 0; i < list.size() && evaluation.reserve(sizeof(Value)); ++i) {
    Value item = list.at(i);
    if (item.is(Kind::list) && depth > 0 && level < 2'000) {
      flatten_into(evaluation, item, depth - 1, level + 1, items);
    } else {
      items.push_back(std::move(item));
    }
  }
}

Value flattened(Evaluation& evaluation, const Value& list, std::int64_t depth) {
  if (depth < 0) return Value::error("level must be non-negative");
  std::vector<Value> items;
  flatten_into(evaluation, list, depth, 0, items);
  return Value::list(std::move(items));
}

bool is_comparable(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::list:
    case Kind::map:
    case Kind::type:
    case Kind::error: return false;
    default: return true;
  }
}

// NaN is unordered, so comparisons may be inconsistent. Go sorts up to 12 elements by insertion; doing the same gives
// the same result with NaN. For longer lists a stable merge sort at least stays well defined.
template <class Less>
void sort_like_go(std::vector<std::size_t>& order, Less less) {
  if (order.size() > 12) return std::stable_sort(order.begin(), order.end(), less);
  for (std::size_t i = 1; i < order.size(); ++i) {
    for (std::size_t j = i; j > 0 && less(order[j], order[j - 1]); --j) std::swap(order[j], order[j - 1]);
  }
}

std::string span_text(std::int64_t start, std::int64_t end) {
  return "cannot slice(" + std::to_string(start) + ", " + std::to_string(end) + "), ";
}

}  // namespace

Value slice(Evaluation& evaluation, const Value* args) {
  const std::int64_t start = args[1].as_int64();
  const std::int64_t end = args[2].as_int64();
  const auto length = static_cast<std::int64_t>(args[0].size());
  if (start < 0 || end < 0) return Value::error(span_text(start, end) + "negative indexes not supported");
  if (start > end) return Value::error(span_text(start, end) + "start index must be less than or equal to end index");
  if (length < end) return Value::error(span_text(start, end) + "list is length " + std::to_string(length));
  if (!evaluation.reserve(static_cast<std::size_t>(end - start) * sizeof(Value))) return Value();
  std::vector<Value> items;
  for (std::int64_t i = start; i < end; ++i) items.push_back(args[0].at(static_cast<std::size_t>(i)));
  return Value::list(std::move(items));
}

Value flatten(Evaluation& evaluation, const Value* args) { return flattened(evaluation, args[0], 1); }

Value flatten_depth(Evaluation& evaluation, const Value* args) {
  if (!args[1].is(Kind::int64)) return Value::error(Fault::no_such_overload);
  return flattened(evaluation, args[0], args[1].as_int64());
}

Value distinct(Evaluation& evaluation, const Value* args) {
  std::vector<Value> items;
  for (std::size_t i = 0; i < args[0].size() && evaluation.reserve(sizeof(Value)); ++i) {
    Value item = args[0].at(i);
    if (!contains_value(evaluation, items, item)) items.push_back(std::move(item));
  }
  return Value::list(std::move(items));
}

Value reverse_list(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(args[0].size() * sizeof(Value))) return Value();
  std::vector<Value> items;
  for (std::size_t i = args[0].size(); i > 0; --i) items.push_back(args[0].at(i - 1));
  return Value::list(std::move(items));
}

Value sort(Evaluation& evaluation, const Value* args) {
  const Value both[2] = {args[0], args[0]};
  return sort_by_keys(evaluation, both);
}

Value sort_by_keys(Evaluation& evaluation, const Value* args) {
  const Value& list = args[0];
  const Value& keys = args[1];
  if (!keys.is(Kind::list)) return Value::error(Fault::no_such_overload);
  if (list.size() == 0) return list;
  const Value first_key = keys.at(0);
  if (!is_comparable(first_key)) return Value::error("list elements must be comparable");
  if (!evaluation.reserve(list.size() * 2 * sizeof(Value))) return Value();
  evaluation.charge(16 * 20 * list.size());
  std::vector<Value> ordered;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ordered.push_back(keys.at(i));
    if (ordered.back().kind() != first_key.kind()) return Value::error("list elements must have the same type");
  }
  std::vector<std::size_t> order(list.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  sort_like_go(order, [&](std::size_t a, std::size_t b) {
    const Value sign = compare(ordered[a], ordered[b]);
    return sign.is(Kind::int64) && sign.as_int64() < 0;
  });
  std::vector<Value> items;
  for (const std::size_t index : order) items.push_back(list.at(index));
  return Value::list(std::move(items));
}

Value range(Evaluation& evaluation, const Value* args) {
  const std::int64_t size = args[0].as_int64();
  if (size < 0) return Value::error("lists.range: size must be non-negative, got " + std::to_string(size));
  if (size > longest_range) {
    return Value::error("lists.range: size " + std::to_string(size) + " exceeds maximum allowed (" + std::to_string(longest_range) + ")");
  }
  if (!evaluation.reserve(static_cast<std::size_t>(size) * sizeof(Value))) return Value();
  std::vector<Value> items;
  items.reserve(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) items.push_back(Value::int64(i));
  return Value::list(std::move(items));
}

Value first(Evaluation&, const Value* args) { return args[0].size() == 0 ? Value() : args[0].at(0); }

Value last(Evaluation&, const Value* args) { return args[0].size() == 0 ? Value() : args[0].at(args[0].size() - 1); }

Value sets_contains(Evaluation& evaluation, const Value* args) {
  for (std::size_t i = 0; i < args[1].size(); ++i) {
    if (!contains_value(evaluation, args[0], args[1].at(i))) return Value::boolean(false);
  }
  return Value::boolean(true);
}

Value sets_equivalent(Evaluation& evaluation, const Value* args) {
  const Value swapped[2] = {args[1], args[0]};
  const Value there = sets_contains(evaluation, args);
  return there.is_true() ? sets_contains(evaluation, swapped) : there;
}

Value sets_intersects(Evaluation& evaluation, const Value* args) {
  for (std::size_t i = 0; i < args[0].size(); ++i) {
    if (contains_value(evaluation, args[1], args[0].at(i))) return Value::boolean(true);
  }
  return Value::boolean(false);
}

}  // namespace slipway::cel::functions

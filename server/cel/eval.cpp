#include "cel/eval.hpp"

#include <cstring>
#include <optional>

#include "cel/messages.hpp"
#include "cel/operators.hpp"

namespace slipway::cel {

namespace {

Value no_overload() { return Value::error(Fault::no_such_overload); }
Value object_or_empty(const rapidjson::Value* object) {
  static const rapidjson::Value empty(rapidjson::kObjectType);
  return Value::json(object == nullptr ? empty : *object);
}

Value too_long() { return Value::error("the evaluation takes too long"); }

// The error for a non-boolean where a boolean is needed; an error is passed on.
Value not_boolean(const Value& value) { return value.is_error() ? value : no_overload(); }

// && and ||, and all() and exists() over the elements: a deciding operand wins over errors in the others; without one, the first
// error or non-boolean is the result.
class Junction {
 public:
  explicit Junction(bool deciding) : deciding_(deciding) {}

  // Takes the next operand; true if it is the result, and the rest need not be evaluated.
  bool is_decided_by(const Value& value) {
    if (value.is(Kind::boolean)) return value.as_bool() == deciding_;
    if (!problem_) problem_ = not_boolean(value);
    return false;
  }
  Value undecided() const { return problem_ ? *problem_ : Value::boolean(!deciding_); }

 private:
  bool deciding_;
  std::optional<Value> problem_;
};

// Charged like evaluation steps. No real filter compares anything nested deeper than this.
constexpr int deepest_equality = 2'000;

struct Equality {
  std::int64_t& budget;
  int depth = 0;
  bool too_deep = false;

  bool same(const Value& left, const Value& right) {
    if (--budget < 0) return false;
    const bool lists = left.is(Kind::list) && right.is(Kind::list);
    const bool maps = left.is(Kind::map) && right.is(Kind::map);
    if (!lists && !maps) {
      budget -= static_cast<std::int64_t>(left.is(Kind::string) ? left.size() / 64 : 0);
      return cel::equal(left, right);
    }
    if (left.size() != right.size()) return false;
    if (++depth > deepest_equality) {
      too_deep = true;
      return false;
    }
    const bool answer = lists ? same_items(left, right) : same_entries(left, right);
    --depth;
    return answer;
  }

  bool same_items(const Value& left, const Value& right) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (!same(left.at(i), right.at(i))) return false;
    }
    return true;
  }

  bool same_entries(const Value& left, const Value& right) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      Value other;
      budget -= static_cast<std::int64_t>(right.size() / 8);
      if (!right.find(left.key_at(i), other) || !same(left.value_at(i), other)) return false;
    }
    return true;
  }
};

}  // namespace

Evaluation::Evaluation(const Program::Plan& plan, const Bindings& bindings, Answers answers, const std::vector<Value>* variables)
    : bindings_(bindings), answers_(answers), variables_(variables), slots_(few_slots_.data()) {
  if (plan.slots > inline_slots) {
    many_slots_.resize(plan.slots);
    slots_ = many_slots_.data();
  }
}

bool Evaluation::equal(const Value& left, const Value& right) {
  if (left.is(Kind::string) && right.is(Kind::string)) return left.text() == right.text();
  Equality equality{budget_};
  const bool answer = equality.same(left, right);
  if (equality.too_deep) budget_ = -1;
  return answer;
}

Value Evaluation::run(const Node& node) {
  Value value = eval(node);
  return exhausted() ? too_long() : value;
}

Value Evaluation::eval(const Node& node) {
  if (--budget_ < 0) return too_long();
  switch (node.op) {
    case Op::constant: return node.value;
    case Op::body: return object_or_empty(bindings_.body);
    case Op::header: return bindings_.header == nullptr ? object_or_empty(nullptr) : Value::headers(*bindings_.header);
    case Op::extensions: return object_or_empty(bindings_.extensions);
    case Op::request_url: return Value::borrowed(bindings_.request_url);
    case Op::variable: return (*variables_)[node.slot];
    case Op::local: return slots_[node.slot];
    case Op::select: return select(node);
    case Op::has: return has(node);
    case Op::index: return index(node);
    case Op::in:
    case Op::in_set: return in(node);
    case Op::logical_not: {
      const Value value = eval(*node.args[0]);
      return value.is(Kind::boolean) ? Value::boolean(!value.as_bool()) : not_boolean(value);
    }
    case Op::negate: {
      const Value value = eval(*node.args[0]);
      return value.is_error() ? value : negate(value);
    }
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::modulo:
    case Op::equal:
    case Op::not_equal: return binary(node);
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return compare(node);
    case Op::logical_and:
    case Op::logical_or: return logical(node);
    case Op::conditional: return conditional(node);
    case Op::starts_with:
    case Op::ends_with:
    case Op::contains: return string_test(node);
    case Op::matches: return matches(node);
    case Op::call: return call(node);
    case Op::list: return list(node);
    case Op::map: return map(node);
    case Op::message: return message(node);
    case Op::all:
    case Op::exists: return quantifier(node);
    case Op::exists_one: return exists_one(node);
    case Op::map_loop:
    case Op::filter_loop: return build_list(node);
    case Op::sort_by: return sort_by(node);
  }
  return no_overload();
}

Value Evaluation::select(const Node& node) {
  const Value operand = eval(*node.args[0]);
  if (operand.is(Kind::map)) {
    Value found;
    return operand.find(node.value.text(), found) ? found : Value::no_such_key(node.value);
  }
  return operand.is_error() ? operand : index_value(operand, node.value);
}

// `has` on a list is an error, because its index is not a string; a scalar has no fields.
Value Evaluation::has(const Node& node) {
  const Value operand = eval(*node.args[0]);
  if (operand.is_error()) return operand;
  Value found;
  if (operand.is(Kind::map)) return Value::boolean(operand.find(node.value.text(), found));
  return operand.is(Kind::list) ? index_value(operand, node.value) : Value::boolean(false);
}

Value Evaluation::index(const Node& node) {
  const Value container = eval(*node.args[0]);
  if (container.is_error()) return container;
  const Value key = eval(*node.args[1]);
  return key.is_error() ? key : index_value(container, key);
}

Value Evaluation::in(const Node& node) {
  const Value needle = eval(*node.args[0]);
  if (needle.is_error()) return needle;
  if (node.op == Op::in_set) return needle.is(Kind::bytes) ? unhashable() : Value::boolean(node.set->contains(needle));
  const Value container = eval(*node.args[1]);
  if (container.is_error()) return container;
  if (container.is(Kind::map)) return has_key(container, needle);
  if (!container.is(Kind::list)) return no_overload();
  for (std::size_t i = 0; i < container.size(); ++i) {
    if (equal(needle, container.at(i))) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value Evaluation::binary(const Node& node) {
  const Value left = eval(*node.args[0]);
  if (left.is_error()) return left;
  const Value right = eval(*node.args[1]);
  if (right.is_error()) return right;
  switch (node.op) {
    case Op::add: return add(*this, left, right);
    case Op::subtract: return subtract(left, right);
    case Op::multiply: return multiply(left, right);
    case Op::divide: return divide(left, right);
    case Op::modulo: return modulo(left, right);
    case Op::equal: return Value::boolean(equal(left, right));
    default: return Value::boolean(!equal(left, right));
  }
}

Value Evaluation::compare(const Node& node) {
  const Value left = eval(*node.args[0]);
  if (left.is_error()) return left;
  const Value right = eval(*node.args[1]);
  if (right.is_error()) return right;
  if (is_unordered(left, right)) return Value::boolean(false);
  const Value order = cel::compare(left, right);
  if (order.is_error()) return order;
  const std::int64_t sign = order.as_int64();
  switch (node.op) {
    case Op::less: return Value::boolean(sign < 0);
    case Op::less_equal: return Value::boolean(sign <= 0);
    case Op::greater: return Value::boolean(sign > 0);
    default: return Value::boolean(sign >= 0);
  }
}

Value Evaluation::logical(const Node& node) {
  Junction junction(node.op == Op::logical_or);
  for (const Node* arg : node.args) {
    const std::int8_t answer = known(*arg);
    Value value = answer < 0 ? eval(*arg) : Value::boolean(answer > 0);
    if (junction.is_decided_by(value)) return value;
  }
  return junction.undecided();
}

Value Evaluation::conditional(const Node& node) {
  const Value test = eval(*node.args[0]);
  if (!test.is(Kind::boolean)) return not_boolean(test);
  return eval(*node.args[test.as_bool() ? 1 : 2]);
}

Value Evaluation::string_test(const Node& node) {
  const Value text = eval(*node.args[0]);
  if (text.is_error()) return text;
  const Value part = eval(*node.args[1]);
  if (part.is_error()) return part;
  if (!text.is(Kind::string) || !part.is(Kind::string)) return no_overload();
  switch (node.op) {
    case Op::starts_with: return Value::boolean(text.text().starts_with(part.text()));
    case Op::ends_with: return Value::boolean(text.text().ends_with(part.text()));
    default:
      charge(text.size());
      return Value::boolean(memmem(text.text().data(), text.size(), part.text().data(), part.size()) != nullptr);
  }
}

Value Evaluation::matches(const Node& node) {
  const Value text = eval(*node.args[0]);
  if (text.is_error()) return text;
  if (!text.is(Kind::string)) return no_overload();
  charge(16 * text.size());
  return Value::boolean(re2::RE2::PartialMatch(re2::StringPiece(text.text().data(), text.size()), *node.regex));
}

Value Evaluation::call(const Node& node) {
  constexpr std::size_t most = 4;  // no declared function takes more
  if (node.calls.empty()) return no_overload();
  std::array<Value, most> args;
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    args[i] = eval(*node.args[i]);
    if (args[i].is_error()) return args[i];
  }
  for (const Overload* overload : node.calls) {
    bool fitting = true;
    for (std::size_t i = 0; fitting && i < node.args.size(); ++i) {
      fitting = overload->guarded ? fits(overload->args[i], args[i]) : i > 0 || args[i].is(Kind::list);
    }
    if (fitting) return overload->run(*this, args.data());
  }
  return no_overload();
}

Value Evaluation::list(const Node& node) {
  std::vector<Value> items;
  if (!reserve(node.args.size() * sizeof(Value))) return too_long();
  items.reserve(node.args.size());
  for (const Node* arg : node.args) {
    items.push_back(eval(*arg));
    if (items.back().is_error()) return items.back();
  }
  return Value::list(std::move(items));
}

Value Evaluation::map(const Node& node) {
  std::vector<MapEntry> entries;
  if (!reserve(node.args.size() * sizeof(Value))) return too_long();
  entries.reserve(node.args.size() / 2);
  for (std::size_t i = 0; i + 1 < node.args.size(); i += 2) {
    Value key = eval(*node.args[i]);
    if (key.is_error()) return key;
    Value value = eval(*node.args[i + 1]);
    if (value.is_error()) return value;
    if (key.is(Kind::bytes)) return Value::error("unsupported key type");
    entries.emplace_back(std::move(key), std::move(value));
  }
  return Value::map(std::move(entries));
}

Value Evaluation::message(const Node& node) {
  std::vector<Value> values;
  for (const Node* arg : node.args) {
    values.push_back(eval(*arg));
    if (values.back().is_error()) return values.back();
  }
  return build_message(node.expr->name, node.expr->fields, values);
}

namespace {

Value not_iterable(const Value& range) {
  return range.is_error() ? range : Value::error("got '" + std::string(type_name(range)) + "', expected iterable type");
}

bool is_iterable(const Value& range) { return range.is(Kind::list) || range.is(Kind::map); }

Value element(const Value& range, std::size_t index) { return range.is(Kind::list) ? range.at(index) : range.key_at(index); }

}  // namespace

Value Evaluation::quantifier(const Node& node) {
  if (const std::int8_t answer = known(node); answer >= 0) return Value::boolean(answer > 0);
  const Value range = eval(*node.args[0]);
  if (!is_iterable(range)) return not_iterable(range);
  Junction junction(node.op == Op::exists);
  for (std::size_t i = 0; i < range.size() && !exhausted(); ++i) {
    slots_[node.slot] = element(range, i);
    Value value = eval(*node.args[1]);
    if (junction.is_decided_by(value)) return value;
  }
  return junction.undecided();
}

Value Evaluation::exists_one(const Node& node) {
  const Value range = eval(*node.args[0]);
  if (!is_iterable(range)) return not_iterable(range);
  std::size_t count = 0;
  for (std::size_t i = 0; i < range.size() && !exhausted(); ++i) {
    slots_[node.slot] = element(range, i);
    const Value value = eval(*node.args[1]);
    if (!value.is(Kind::boolean)) return not_boolean(value);
    if (value.as_bool()) ++count;
  }
  return Value::boolean(count == 1);
}

// map(x, f), map(x, p, f) and filter(x, p): args are the range, p or null, and f or null.
Value Evaluation::build_list(const Node& node) {
  const Value range = eval(*node.args[0]);
  if (!is_iterable(range)) return not_iterable(range);
  std::vector<Value> items;
  const Node* predicate = node.args[1];
  const Node* transform = node.args[2];
  for (std::size_t i = 0; i < range.size() && reserve(sizeof(Value)); ++i) {
    const Value item = element(range, i);
    slots_[node.slot] = item;
    if (predicate != nullptr) {
      const Value keep = eval(*predicate);
      if (!keep.is(Kind::boolean)) return not_boolean(keep);
      if (keep.is_false()) continue;
    }
    items.push_back(transform == nullptr ? item : eval(*transform));
    if (items.back().is_error()) return items.back();
  }
  return Value::list(std::move(items));
}

Value Evaluation::sort_by(const Node& node) {
  const Value range = eval(*node.args[0]);
  if (!is_iterable(range)) return not_iterable(range);
  std::vector<Value> keys;
  for (std::size_t i = 0; i < range.size() && reserve(sizeof(Value)); ++i) {
    slots_[node.slot] = element(range, i);
    keys.push_back(eval(*node.args[1]));
    if (keys.back().is_error()) return keys.back();
  }
  if (!range.is(Kind::list)) return no_overload();
  const Value args[2] = {range, Value::list(std::move(keys))};
  return functions::sort_by_keys(*this, args);
}

}  // namespace slipway::cel

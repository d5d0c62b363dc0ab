#include "cel/checker.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "cel/messages.hpp"

namespace slipway::cel {

namespace {

const Type* dyn() { return simple_type(TypeKind::dyn); }
const Type* boolean() { return simple_type(TypeKind::boolean); }
const Type* failed() { return simple_type(TypeKind::error); }

bool is_dyn_or_error(const Type* type) {
  return type->kind == TypeKind::dyn || type->kind == TypeKind::any || type->kind == TypeKind::error;
}

// `a.b.c` if the expression is just a dotted name.
std::optional<std::string> qualified_name(const Expr& expr) {
  if (expr.kind == ExprKind::ident) return expr.name;
  if (expr.kind != ExprKind::select || expr.test_only) return std::nullopt;
  auto prefix = qualified_name(*expr.args[0]);
  if (prefix) *prefix += "." + expr.name;
  return prefix;
}

const Expr& root_of(const Expr& expr) { return expr.kind == ExprKind::select ? root_of(*expr.args[0]) : expr; }

class Checker {
 public:
  Checker(const Source& source, const Environment& environment, TypePool& pool)
      : source_(source), environment_(environment), pool_(pool), unify_(pool) {}

  Result<void> run(Expr& expr) {
    check(expr);
    if (unify_.exhausted()) error_ = source_.error(0, "the types of this expression are too large to check");
    if (error_) return *error_;
    finish(expr);
    return {};
  }

 private:
  struct Local {
    std::string name;
    const Type* type;
    std::uint32_t slot;  // 1 + index; 0 for an accumulator, which evaluation does not read
  };

  void fail(std::uint32_t offset, const std::string& what) {
    if (!error_) error_ = source_.error(offset, what);
  }

  void check(Expr& e) {
    if (error_ || unify_.exhausted()) {
      e.type = failed();
      return;
    }
    switch (e.kind) {
      case ExprKind::literal: e.type = literal_type(e.value); break;
      case ExprKind::ident: ident(e); break;
      case ExprKind::select: select(e); break;
      case ExprKind::call: call(e); break;
      case ExprKind::list: list(e); break;
      case ExprKind::map: map(e); break;
      case ExprKind::message: message(e); break;
      case ExprKind::loop: loop(e); break;
    }
    if (environment_.unchecked) e.type = dyn();
  }

  static const Type* literal_type(const Value& value) {
    switch (value.kind()) {
      case Kind::boolean: return boolean();
      case Kind::int64: return simple_type(TypeKind::int64);
      case Kind::uint64: return simple_type(TypeKind::uint64);
      case Kind::float64: return simple_type(TypeKind::float64);
      case Kind::string: return simple_type(TypeKind::string);
      case Kind::bytes: return simple_type(TypeKind::bytes);
      default: return simple_type(TypeKind::null);
    }
  }

  // `x` in container `a.b` may be a.b.x, a.x or x; `.x` can only be x.
  std::vector<std::string> candidates(const std::string& name) const {
    if (name.starts_with('.')) return {name.substr(1)};
    std::vector<std::string> names;
    for (std::string prefix = environment_.container; !prefix.empty();) {
      names.push_back(prefix + "." + name);
      const std::size_t dot = prefix.rfind('.');
      prefix = dot == std::string::npos ? "" : prefix.substr(0, dot);
    }
    names.push_back(name);
    return names;
  }

  const Local* local(const std::string& name) const {
    const auto found = std::find_if(locals_.rbegin(), locals_.rend(), [&](const Local& l) { return l.name == name; });
    return found == locals_.rend() ? nullptr : &*found;
  }

  // Turns the node into the variable, type or constant of that name; false if there is none.
  bool resolve(Expr& e, const std::string& name) {
    for (const std::string& candidate : candidates(name)) {
      const auto variable = std::find_if(environment_.variables.begin(), environment_.variables.end(),
                                         [&](const auto& v) { return v.first == candidate; });
      if (variable != environment_.variables.end()) {
        e.type = variable->second;
        become(e, ExprKind::ident, candidate);
        return true;
      }
      if (const Declarations::Name* known = declarations_.find_name(candidate)) {
        e.type = known->type;
        e.value = known->value;
        become(e, ExprKind::literal, candidate);
        return true;
      }
    }
    return false;
  }

  static void become(Expr& e, ExprKind kind, const std::string& name) {
    e.kind = kind;
    e.name = name;
    e.args.clear();
  }

  void ident(Expr& e) {
    if (const Local* found = local(e.name)) {
      e.type = found->type;
      e.slot = found->slot;
      return;
    }
    if (resolve(e, e.name)) return;
    e.type = failed();
    undeclared(e.position, e.name);
  }

  void undeclared(std::uint32_t offset, const std::string& name) {
    if (environment_.unchecked) return;
    std::vector<std::string> known = declarations_.function_names();
    for (const auto& variable : environment_.variables) known.push_back(variable.first);
    for (const Local& l : locals_) {
      if (l.slot != 0) known.push_back(l.name);
    }
    for (const char* macro : {"all", "exists", "exists_one", "filter", "map", "has", "sortBy"}) known.emplace_back(macro);
    fail(offset, "undeclared reference to '" + name + "' (in container '" + environment_.container + "')" + did_you_mean(name, known));
  }

  void select(Expr& e) {
    if (const auto name = qualified_name(e); name && local(root_of(e).name) == nullptr && resolve(e, *name)) return;
    check(*e.args[0]);
    const Type* operand = unify_.substitute(e.args[0]->type, false);
    const Type* result = dyn();
    switch (operand->kind) {
      case TypeKind::map: result = operand->second; break;
      case TypeKind::message:
        fail(e.position, "undefined field '" + e.name + "'");
        break;
      case TypeKind::parameter: unify_.assignable(dyn(), operand); break;
      default:
        if (!is_dyn_or_error(operand) && !message_field_type(operand, e.name, result)) {
          fail(e.position, "type '" + type_text(operand) + "' does not support field selection");
        }
    }
    e.type = e.test_only ? boolean() : unify_.substitute(result, false);
  }

  // cel-go does not allow selecting fields of well-known types.
  static bool message_field_type(const Type*, const std::string&, const Type*&) { return false; }

  const std::vector<std::uint16_t>* function(const std::string& name, std::string& found_as) const {
    for (const std::string& candidate : candidates(name)) {
      if (const auto* rows = declarations_.find(candidate)) {
        found_as = candidate;
        return rows;
      }
    }
    return nullptr;
  }

  void call(Expr& e) {
    if (!is_function(e)) undeclared(e.position, e.name);  // first: errors in arguments may only come from an unrecognised macro
    for (std::size_t i = e.member ? 1 : 0; i < e.args.size(); ++i) check(*e.args[i]);
    std::string name;
    if (e.member) {
      // Try `math.abs(x)` as a function with a dotted name before treating it as a call on `math`.
      if (const auto prefix = qualified_name(*e.args[0])) {
        if (const auto* rows = function(*prefix + "." + e.name, name)) {
          e.args.erase(e.args.begin());
          e.member = false;
          return overloads(e, name, *rows);
        }
      }
      check(*e.args[0]);
    }
    const auto* rows = function(e.name, name);
    if (rows != nullptr) return overloads(e, name, *rows);
    e.type = failed();
  }

  bool is_function(const Expr& e) const {
    std::string name;
    if (function(e.name, name) != nullptr) return true;
    const auto prefix = e.member ? qualified_name(*e.args[0]) : std::nullopt;
    return prefix && function(*prefix + "." + e.name, name) != nullptr;
  }

  void overloads(Expr& e, const std::string& name, const std::vector<std::uint16_t>& rows) {
    e.name = name;
    e.type = failed();
    if (name == "_&&_" || name == "_||_") return logical(e);
    std::vector<const Type*> given;
    for (const ExprPtr& arg : e.args) given.push_back(arg->type);
    const Type* result = nullptr;
    for (const std::uint16_t row : rows) {
      const Overload& overload = declarations_.overloads()[row];
      if (overload.member != e.member || overload.args.size() != given.size()) continue;
      if (overload.only_after_loops && !looped_) continue;
      const Type* fitting = fit(overload, given);
      if (fitting == nullptr) continue;
      e.overloads.push_back(row);
      if (result == nullptr) {
        result = fitting;
      } else if (!is_dyn_or_error(result) && !unify_.same(fitting, result)) {
        result = dyn();
      }
    }
    if (result != nullptr) {
      e.type = result;
    } else if (!environment_.unchecked) {
      no_overload(e, given);
    }
  }

  // The result type if the arguments fit (type parameters replaced by fresh variables), else null.
  const Type* fit(const Overload& overload, const std::vector<const Type*>& given) {
    if (overload.parameters == 0) return unify_.assignable(given, overload.args) ? overload.result : nullptr;
    std::vector<const Type*> fresh;
    for (std::uint32_t i = 0; i < overload.parameters; ++i) fresh.push_back(unify_.fresh());
    std::vector<const Type*> wanted;
    for (const Type* arg : overload.args) wanted.push_back(unify_.instantiate(arg, fresh));
    if (!unify_.assignable(given, wanted)) return nullptr;
    return unify_.substitute(unify_.instantiate(overload.result, fresh), false);
  }

  void logical(Expr& e) {
    for (const ExprPtr& arg : e.args) expect(*arg, boolean(), unify_.assignable(arg->type, boolean()));
    e.type = boolean();
  }

  void expect(const Expr& e, const Type* wanted, bool fits) {
    if (!fits) {
      fail(e.position, "expected type '" + type_text(unify_.substitute(wanted, true)) + "' but found '" +
                           type_text(unify_.substitute(e.type, true)) + "'");
    }
  }

  void no_overload(const Expr& e, const std::vector<const Type*>& given) {
    std::string text = e.member ? type_text(unify_.substitute(given[0], true)) + ".(" : "(";
    for (std::size_t i = e.member ? 1 : 0; i < given.size(); ++i) {
      if (i > (e.member ? 1u : 0u)) text += ", ";
      text += type_text(unify_.substitute(given[i], true));
    }
    fail(e.position, "found no matching overload for '" + e.name + "' applied to '" + text + ")'");
  }

  const Type* join(const Type* previous, const Type* current) {
    if (previous == nullptr) return current;
    return unify_.assignable(previous, current) ? unify_.most_general(previous, current) : dyn();
  }

  void list(Expr& e) {
    const Type* element = nullptr;
    for (const ExprPtr& arg : e.args) {
      check(*arg);
      element = join(element, arg->type);
    }
    e.type = pool_.list(element == nullptr ? unify_.fresh() : element);
  }

  void map(Expr& e) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (std::size_t i = 0; i < e.args.size(); ++i) {
      check(*e.args[i]);
      const Type*& joined = i % 2 == 0 ? key : value;
      joined = join(joined, e.args[i]->type);
    }
    if (key == nullptr) key = unify_.fresh();
    if (value == nullptr) value = unify_.fresh();
    e.type = pool_.map(key, value);
  }

  void message(Expr& e) {
    const Message* message = nullptr;
    for (const std::string& candidate : candidates(e.name)) {
      message = find_message(candidate);
      if (message != nullptr) break;
    }
    e.type = failed();
    if (message == nullptr) return fail(e.position, "undeclared reference to '" + e.name + "' (in container '" + environment_.container + "')");
    e.name = message->name;
    e.type = declarations_.find_name(e.name)->type->first;
    for (std::size_t i = 0; i < e.args.size(); ++i) {
      check(*e.args[i]);
      const Type* wanted = message_field(*message, e.fields[i], pool_);
      if (wanted == nullptr) return fail(e.args[i]->position, "undefined field '" + e.fields[i] + "'");
      if (!unify_.assignable(wanted, e.args[i]->type)) {
        fail(e.args[i]->position, "expected type of field '" + e.fields[i] + "' is '" + type_text(wanted) + "' but provided type is '" +
                                      type_text(unify_.substitute(e.args[i]->type, true)) + "'");
      }
    }
  }

  const Type* element_type(const Expr& range) {
    const Type* type = unify_.substitute(range.type, false);
    switch (type->kind) {
      case TypeKind::list:
      case TypeKind::map: return type->first;
      case TypeKind::dyn:
      case TypeKind::error:
      case TypeKind::parameter:
        unify_.assignable(dyn(), type);
        return dyn();
      default:
        fail(range.position, "expression of type '" + type_text(type) + "' cannot be range of a comprehension (must be list, map, or dynamic)");
        return failed();
    }
  }

  void loop(Expr& e) {
    Loop& l = *e.loop;
    check(*l.range);
    check(*l.initial);
    const Type* accumulator = l.initial->type;
    const Type* element = element_type(*l.range);
    looped_ = true;
    locals_.push_back({l.accumulator, accumulator, 0});
    locals_.push_back({l.variable, element, ++loops_});
    e.slot = loops_;
    check(*l.condition);
    expect(*l.condition, boolean(), unify_.assignable(boolean(), l.condition->type));
    check(*l.step);
    expect(*l.step, accumulator, unify_.assignable(accumulator, l.step->type));
    --loops_;
    locals_.pop_back();
    check(*l.result);
    locals_.pop_back();
    e.type = unify_.substitute(l.result->type, false);
  }

  void finish(Expr& e) {
    e.type = unify_.substitute(e.type, true);
    for (const ExprPtr& arg : e.args) finish(*arg);
    if (!e.loop) return;
    for (const ExprPtr* part : {&e.loop->range, &e.loop->initial, &e.loop->condition, &e.loop->step, &e.loop->result}) finish(**part);
  }

  const Source& source_;
  const Environment& environment_;
  TypePool& pool_;
  Unifier unify_;
  const Declarations& declarations_ = Declarations::standard();
  std::vector<Local> locals_;
  std::uint32_t loops_ = 0;
  bool looped_ = false;  // a loop has been checked before
  std::optional<Error> error_;
};

Environment make_tekton() {
  static TypePool pool;
  const Type* json = pool.map(simple_type(TypeKind::string), simple_type(TypeKind::dyn));
  Environment made;
  made.variables = {{"body", json}, {"header", json}, {"extensions", json}, {"requestURL", simple_type(TypeKind::string)}};
  return made;
}

}  // namespace

const Environment& Environment::tekton() {
  static const Environment environment = make_tekton();
  return environment;
}

Result<void> check(Expr& expr, const Source& source, const Environment& environment, TypePool& pool) {
  return Checker(source, environment, pool).run(expr);
}

}  // namespace slipway::cel

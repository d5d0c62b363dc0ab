#include "cel/macros.hpp"

namespace slipway::cel {

namespace {

constexpr std::string_view accumulator = "@result";

ExprPtr node(ExprKind kind, const Expr& at) {
  auto made = std::make_unique<Expr>();
  made->kind = kind;
  made->position = at.position;
  made->begin = at.begin;
  made->end = at.end;
  return made;
}

ExprPtr literal(const Expr& at, Value value) {
  auto made = node(ExprKind::literal, at);
  made->value = std::move(value);
  return made;
}

ExprPtr ident(const Expr& at, std::string_view name) {
  auto made = node(ExprKind::ident, at);
  made->name = name;
  return made;
}

template <class... Args>
ExprPtr call(const Expr& at, std::string_view function, Args... args) {
  auto made = node(ExprKind::call, at);
  made->name = function;
  (made->args.push_back(std::move(args)), ...);
  return made;
}

ExprPtr list(const Expr& at, ExprPtr element = nullptr) {
  auto made = node(ExprKind::list, at);
  if (element) made->args.push_back(std::move(element));
  return made;
}

struct Arguments {
  ExprPtr target;
  std::vector<ExprPtr> args;
};

Arguments take(Expr& macro) {
  Arguments taken;
  auto begin = macro.args.begin();
  if (macro.member) taken.target = std::move(*begin++);
  taken.args.assign(std::make_move_iterator(begin), std::make_move_iterator(macro.args.end()));
  return taken;
}

Expansion failed(const Expr& at, std::string what) { return {nullptr, MacroError{at.position, std::move(what)}}; }

std::optional<MacroError> check_variable(const Expr& variable, std::string_view complaint) {
  if (variable.kind != ExprKind::ident) return MacroError{variable.position, std::string(complaint)};
  if (variable.name == accumulator || variable.name == "__result__") {
    return MacroError{variable.position, "iteration variable overwrites accumulator variable"};
  }
  return std::nullopt;
}

Expansion finish(const Expr& at, Loop loop) {
  auto made = node(ExprKind::loop, at);
  made->loop = std::make_unique<Loop>(std::move(loop));
  return {std::move(made), std::nullopt};
}

Expansion quantifier(const Expr& at, Macro macro, Arguments in) {
  if (auto error = check_variable(*in.args[0], "argument must be a simple name")) return {nullptr, std::move(error)};
  Loop loop;
  loop.macro = macro;
  loop.variable = in.args[0]->name;
  loop.accumulator = accumulator;
  loop.range = std::move(in.target);
  loop.predicate = in.args[1].get();
  const auto accu = [&] { return ident(at, accumulator); };
  switch (macro) {
    case Macro::all:
      loop.initial = literal(at, Value::boolean(true));
      loop.condition = call(at, "@not_strictly_false", accu());
      loop.step = call(at, "_&&_", accu(), std::move(in.args[1]));
      loop.result = accu();
      break;
    case Macro::exists:
      loop.initial = literal(at, Value::boolean(false));
      loop.condition = call(at, "@not_strictly_false", call(at, "!_", accu()));
      loop.step = call(at, "_||_", accu(), std::move(in.args[1]));
      loop.result = accu();
      break;
    default:
      loop.initial = literal(at, Value::int64(0));
      loop.condition = literal(at, Value::boolean(true));
      loop.step = call(at, "_?_:_", std::move(in.args[1]), call(at, "_+_", accu(), literal(at, Value::int64(1))), accu());
      loop.result = call(at, "_==_", accu(), literal(at, Value::int64(1)));
  }
  return finish(at, std::move(loop));
}

Expansion map_or_filter(const Expr& at, Macro macro, Arguments in) {
  if (auto error = check_variable(*in.args[0], "argument is not an identifier")) return {nullptr, std::move(error)};
  const auto accu = [&] { return ident(at, accumulator); };
  Loop loop;
  loop.macro = macro;
  loop.variable = in.args[0]->name;
  loop.accumulator = accumulator;
  loop.range = std::move(in.target);
  loop.initial = list(at);
  loop.condition = literal(at, Value::boolean(true));
  ExprPtr predicate = macro == Macro::filter || in.args.size() == 3 ? std::move(in.args[1]) : nullptr;
  ExprPtr element = macro == Macro::filter ? std::move(in.args[0]) : std::move(in.args.back());
  loop.predicate = predicate.get();
  loop.transform = macro == Macro::filter ? nullptr : element.get();
  loop.step = call(at, "_+_", accu(), list(at, std::move(element)));
  if (predicate) loop.step = call(at, "_?_:_", std::move(predicate), std::move(loop.step), accu());
  loop.result = accu();
  return finish(at, std::move(loop));
}

// Like cel-go: binds the list with a loop that never runs, and sorts it by the mapped keys in the loop's result.
Expansion sort_by(const Expr& at, Arguments in) {
  constexpr std::string_view input = "@__sortBy_input__";
  switch (in.target->kind) {
    case ExprKind::literal:
    case ExprKind::map:
    case ExprKind::message:
      return failed(*in.target, "sortBy can only be applied to a list, identifier, comprehension, call or select expression");
    default: break;
  }
  Arguments keys;
  keys.target = ident(at, input);
  keys.args = std::move(in.args);
  Expansion mapped = map_or_filter(at, Macro::map, std::move(keys));
  if (mapped.error) return mapped;
  Loop loop;
  loop.macro = Macro::sort_by;
  loop.variable = "#unused";
  loop.accumulator = input;
  loop.transform = mapped.made.get();
  loop.range = list(at);
  loop.initial = std::move(in.target);
  loop.condition = literal(at, Value::boolean(false));
  loop.step = ident(at, input);
  loop.result = call(at, "@sortByAssociatedKeys", ident(at, input), std::move(mapped.made));
  loop.result->member = true;
  return finish(at, std::move(loop));
}

bool may_be_number(const Expr& e) {
  switch (e.kind) {
    case ExprKind::literal: return e.value.is(Kind::int64) || e.value.is(Kind::uint64) || e.value.is(Kind::float64);
    case ExprKind::list:
    case ExprKind::map:
    case ExprKind::message: return false;
    default: return true;
  }
}

bool is_list_of_numbers(const Expr& e) {
  if (e.kind != ExprKind::list || e.args.empty()) return false;
  for (const ExprPtr& element : e.args) {
    if (!may_be_number(*element)) return false;
  }
  return true;
}

Expansion extreme(const Expr& at, bool greatest, Arguments in) {
  const std::string name = greatest ? "math.greatest()" : "math.least()";
  const std::string_view function = greatest ? "math.@max" : "math.@min";
  if (in.args.empty()) return failed(*in.target, name + " requires at least one argument");
  if (in.args.size() == 1) {
    if (!is_list_of_numbers(*in.args[0]) && !may_be_number(*in.args[0])) {
      return failed(*in.args[0], name + " invalid single argument value");
    }
    return {call(at, function, std::move(in.args[0])), std::nullopt};
  }
  for (const ExprPtr& arg : in.args) {
    if (!may_be_number(*arg)) return failed(*arg, name + " simple literal arguments must be numeric");
  }
  if (in.args.size() == 2) return {call(at, function, std::move(in.args[0]), std::move(in.args[1])), std::nullopt};
  auto all = list(at);
  all->args = std::move(in.args);
  return {call(at, function, std::move(all)), std::nullopt};
}

Expansion has(const Expr& at, Arguments in) {
  if (in.args[0]->kind != ExprKind::select) return failed(*in.args[0], "invalid argument to has() macro");
  ExprPtr made = std::move(in.args[0]);
  made->test_only = true;
  made->position = at.position;
  made->begin = at.begin;
  made->end = at.end;
  return {std::move(made), std::nullopt};
}

}  // namespace

Expansion expand_macro(ExprPtr& expr) {
  Expr& at = *expr;
  const std::size_t count = at.args.size() - (at.member ? 1 : 0);
  const auto taken = [&] { return take(at); };
  if (!at.member) {
    if (at.name == "has" && count == 1) return has(at, taken());
    return {};
  }
  if ((at.name == "greatest" || at.name == "least") && at.args[0]->kind == ExprKind::ident && at.args[0]->name == "math") {
    return extreme(at, at.name == "greatest", taken());
  }
  if (count == 2) {
    if (at.name == "all") return quantifier(at, Macro::all, taken());
    if (at.name == "exists") return quantifier(at, Macro::exists, taken());
    if (at.name == "exists_one") return quantifier(at, Macro::exists_one, taken());
    if (at.name == "filter") return map_or_filter(at, Macro::filter, taken());
    if (at.name == "sortBy") return sort_by(at, taken());
  }
  if ((count == 2 || count == 3) && at.name == "map") return map_or_filter(at, Macro::map, taken());
  return {};
}

}  // namespace slipway::cel

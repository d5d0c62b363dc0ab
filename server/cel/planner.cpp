#include <algorithm>
#include <array>
#include <optional>

#include "cel/eval.hpp"
#include "cel/number.hpp"

namespace slipway::cel {

void ConstantSet::insert(const Value& value) {
  switch (value.kind()) {
    case Kind::string: texts_.emplace(value.text()); break;
    case Kind::boolean: (value.as_bool() ? true_ : false_) = true; break;
    case Kind::int64:
      ints_.insert(value.as_int64());
      doubles_.insert(static_cast<double>(value.as_int64()));
      if (value.as_int64() >= 0) uints_.insert(value.as_uint64());
      break;
    case Kind::uint64:
      uints_.insert(value.as_uint64());
      doubles_.insert(static_cast<double>(value.as_uint64()));
      if (value.as_uint64() <= INT64_MAX) ints_.insert(value.as_int64());
      break;
    default:
      doubles_.insert(value.as_float64());
      if (const auto whole = exact_int64(value.as_float64())) ints_.insert(*whole);
      if (const auto natural = exact_uint64(value.as_float64())) uints_.insert(*natural);
  }
}

bool ConstantSet::contains(const Value& value) const {
  switch (value.kind()) {
    case Kind::string: return texts_.contains(value.text());
    case Kind::boolean: return value.as_bool() ? true_ : false_;
    case Kind::int64: return ints_.contains(value.as_int64());
    case Kind::uint64: return uints_.contains(value.as_uint64());
    case Kind::float64: return doubles_.contains(value.as_float64());
    default: return false;
  }
}

namespace {

constexpr std::pair<std::string_view, Op> operators[] = {
    {"!_", Op::logical_not}, {"-_", Op::negate}, {"_+_", Op::add}, {"_-_", Op::subtract}, {"_*_", Op::multiply}, {"_/_", Op::divide},
    {"_%_", Op::modulo}, {"_==_", Op::equal}, {"_!=_", Op::not_equal}, {"_<_", Op::less}, {"_<=_", Op::less_equal},
    {"_>_", Op::greater}, {"_>=_", Op::greater_equal}, {"_&&_", Op::logical_and}, {"_||_", Op::logical_or},
    {"_?_:_", Op::conditional}, {"_[_]", Op::index}, {"@in", Op::in}, {"startsWith", Op::starts_with}, {"endsWith", Op::ends_with},
    {"contains", Op::contains},
};

constexpr std::array<std::string_view, 10> conversions{"bool", "bytes", "double", "duration", "dyn",
                                                       "int", "string", "timestamp", "type", "uint"};

bool is_primitive(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
    case Kind::int64:
    case Kind::uint64:
    case Kind::float64:
    case Kind::string: return true;
    default: return false;
  }
}

class Planner {
 public:
  Planner(Program::Plan& plan, const Environment& environment) : plan_(plan), environment_(environment) {}

  Result<void> run() {
    plan_.root = node(*plan_.expr);
    if (error_) return *error_;
    for (Node& one : plan_.nodes) {
      const auto& conjuncts = plan_.root->args;
      const bool is_conjunct = plan_.root->op == Op::logical_and && std::find(conjuncts.begin(), conjuncts.end(), &one) != conjuncts.end();
      if (is_conjunct && one.part == Node::no_part) make_part(one);
    }
    return {};
  }

 private:
  Node& make(Op op, const Expr& e) {
    Node& made = plan_.nodes.emplace_back();
    made.op = op;
    made.expr = &e;
    return made;
  }

  const Node* constant(const Expr& e, Value value) {
    if (value.is_error()) fail(e, value.error_text());
    Node& made = make(Op::constant, e);
    made.value = std::move(value);
    return &made;
  }

  void fail(const Expr& e, const std::string& what) {
    if (!error_) error_ = plan_.source.error(e.position, what);
  }

  Value evaluate(const Node& made) { return Evaluation(plan_, Bindings()).run(made); }

  static bool all_constant(const Node& made) {
    return std::all_of(made.args.begin(), made.args.end(), [](const Node* arg) { return arg->op == Op::constant; });
  }

  const Node* node(const Expr& e) {
    switch (e.kind) {
      case ExprKind::literal: return literal(e);
      case ExprKind::ident: return ident(e);
      case ExprKind::select: {
        Node& made = make(e.test_only ? Op::has : Op::select, e);
        made.value = Value::borrowed(e.name);
        made.args = {node(*e.args[0])};
        return &made;
      }
      case ExprKind::call: return call(e);
      case ExprKind::list: return folded(with_args(make(Op::list, e), e));
      case ExprKind::map: return folded(with_args(make(Op::map, e), e));
      case ExprKind::message: return &with_args(make(Op::message, e), e);
      case ExprKind::loop: return loop(e);
    }
    return nullptr;
  }

  const Node* literal(const Expr& e) {
    const Declarations::Name* known = e.name.empty() ? nullptr : Declarations::standard().find_name(e.name);
    return constant(e, known != nullptr && known->only_made ? undefined_type(e.name) : e.value);
  }

  static Value undefined_type(const std::string& name) { return Value::error("reference to undefined type: " + name); }

  Node& with_args(Node& made, const Expr& e) {
    for (const ExprPtr& arg : e.args) made.args.push_back(node(*arg));
    return made;
  }

  const Node* folded(Node& made) { return all_constant(made) ? constant(*made.expr, evaluate(made)) : &made; }

  const Node* ident(const Expr& e) {
    if (e.slot > 0) {
      if (e.type->kind == TypeKind::type) return type_name_of(e, e.name);
      Node& made = make(Op::local, e);
      made.slot = e.slot - 1;
      return &made;
    }
    const auto& variables = environment_.variables;
    const auto found = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.first == e.name; });
    const auto index = static_cast<std::uint32_t>(found - variables.begin());
    constexpr std::array tekton{Op::body, Op::header, Op::extensions, Op::request_url};
    const bool known = index < tekton.size() && Environment::tekton().variables[index].first == e.name;
    if (index == variables.size()) return &make(Op::call, e);  // only if unchecked: an error at evaluation
    Node& made = make(known ? tekton[index] : Op::variable, e);
    made.slot = index;
    return &made;
  }

  // cel-go takes every name whose type is `type` for a type name, even a loop variable.
  const Node* type_name_of(const Expr& e, const std::string& name) {
    const Declarations::Name* known = Declarations::standard().find_name(name);
    return constant(e, known != nullptr ? known->value : undefined_type(name));
  }

  const Node* call(const Expr& e) {
    const auto known = std::find_if(std::begin(operators), std::end(operators), [&](const auto& row) { return row.first == e.name; });
    Node& made = with_args(make(known == std::end(operators) ? Op::call : known->second, e), e);
    if (error_) return &made;
    if (made.op == Op::in) return membership(made);
    if (made.op == Op::index) index(made);
    if (made.op != Op::call) return &made;
    if (e.name == "matches" && made.args[1]->op == Op::constant && made.args[1]->value.is(Kind::string)) return regex(made);
    choose(made);
    const bool converts = std::find(conversions.begin(), conversions.end(), e.name) != conversions.end();
    return converts && made.args.size() == 1 ? folded(made) : &made;
  }

  // If exactly one overload fits statically it is called; otherwise the values choose at run time among all overloads
  // with the same number of arguments.
  void choose(Node& made) {
    const Declarations& declarations = Declarations::standard();
    const std::vector<std::uint16_t>* all = declarations.find(made.expr->name);
    if (all == nullptr) return;
    for (const std::uint16_t row : made.expr->overloads.size() == 1 ? made.expr->overloads : *all) {
      const Overload& overload = declarations.overloads()[row];
      if (overload.run != nullptr && overload.args.size() == made.args.size()) made.calls.push_back(&overload);
    }
  }

  const Node* regex(Node& made) {
    auto compiled = compile_regex(made.args[1]->value.text());
    if (!compiled) {
      fail(*made.expr, compiled.error().what());
      return &made;
    }
    made.op = Op::matches;
    made.regex = std::move(*compiled);
    return &made;
  }

  // cel-go checks literal keys when planning, whether reached or not.
  void index(const Node& made) {
    if (made.args[1]->op == Op::constant && !is_primitive(made.args[1]->value)) {
      fail(*made.expr, "invalid qualifier type: " + std::string(type_name(made.args[1]->value)));
    }
  }

  const Node* membership(Node& made) {
    const Node& list = *made.args[1];
    if (list.op != Op::constant || list.expr->kind != ExprKind::list) return &made;  // not for `dyn([…])`
    if (list.value.size() == 0) {
      Node& never = make(Op::constant, *made.expr);
      never.value = Value::boolean(false);
      never.args = made.args;  // not evaluated, but used in explanations
      return &never;
    }
    auto set = std::make_unique<ConstantSet>();
    for (std::size_t i = 0; i < list.value.size(); ++i) {
      const Value item = list.value.at(i);
      if (!is_primitive(item)) return &made;
      set->insert(item);
    }
    made.op = Op::in_set;
    made.set = std::move(set);
    return &made;
  }

  const Node* loop(const Expr& e) {
    const Loop& l = *e.loop;
    if (l.macro == Macro::sort_by) return sort_by(e);
    constexpr std::array ops{Op::all, Op::exists, Op::exists_one, Op::map_loop, Op::filter_loop};
    Node& made = make(ops[static_cast<std::size_t>(l.macro)], e);
    made.slot = e.slot - 1;
    plan_.slots = std::max(plan_.slots, e.slot);
    made.args.push_back(node(*l.range));
    const bool builds = l.macro == Macro::map || l.macro == Macro::filter;
    const Type* element = l.range->type->first;
    if (l.macro == Macro::filter && element != nullptr && element->kind == TypeKind::type) type_name_of(e, l.variable);
    if (l.predicate != nullptr || builds) made.args.push_back(l.predicate == nullptr ? nullptr : node(*l.predicate));
    if (builds) made.args.push_back(l.transform == nullptr ? nullptr : node(*l.transform));
    if (l.macro == Macro::exists) {
      made.question = recognize_paths(e, plan_.source);
      if (made.question) make_part(made);
    }
    return &made;
  }

  void make_part(Node& node) {
    node.part = static_cast<std::uint32_t>(plan_.parts.size());
    plan_.parts.push_back(&node);
  }

  const Node* sort_by(const Expr& e) {
    const Expr& keys = *e.loop->transform;
    Node& made = make(Op::sort_by, e);
    made.slot = keys.slot - 1;
    plan_.slots = std::max(plan_.slots, keys.slot);
    made.args = {node(*e.loop->initial), node(*keys.loop->transform)};
    return &made;
  }

  Program::Plan& plan_;
  const Environment& environment_;
  std::optional<Error> error_;
};

}  // namespace

Result<void> plan_program(Program::Plan& plan, const Environment& environment) { return Planner(plan, environment).run(); }

}  // namespace slipway::cel

#include "cel/program.hpp"

#include "cel/eval.hpp"
#include "cel/parser.hpp"

namespace slipway::cel {

Result<Program> Compiler::compile(std::string_view source, const Position& where) {
  auto plan = std::make_shared<Program::Plan>(source, where);
  phase = Phase::parse;
  Result<ExprPtr> parsed = parse(plan->source);
  if (!parsed) return parsed.error();
  plan->expr = std::move(*parsed);
  phase = Phase::check;
  if (const Result<void> checked = check(*plan->expr, plan->source, environment, plan->types); !checked) return checked.error();
  if (const Result<void> checked = check_formats(*plan->expr, plan->source); !checked) return checked.error();
  phase = Phase::program;
  if (const Result<void> planned = plan_program(*plan, environment); !planned) return planned.error();
  return Program(std::move(plan));
}

namespace {

Result<Value> answer(Value value, const Source& source) {
  if (value.is_error()) return Error(value.error_text(), source.position(0));
  return value;
}

}  // namespace

Result<Value> Compiler::evaluate(const Program& program, const Bindings& bindings, const std::vector<Value>& variables) {
  return answer(Evaluation(*program.plan_, bindings, nullptr, &variables).run(*program.plan_->root), program.plan_->source);
}

Result<Program> Program::compile(std::string_view source, const Position& where) { return Compiler().compile(source, where); }

Result<Value> Program::evaluate(const Bindings& bindings) const {
  return answer(Evaluation(*plan_, bindings).run(*plan_->root), plan_->source);
}

Result<bool> Program::test(const Bindings& bindings) const { return test(bindings, nullptr); }

Result<bool> Program::test(const Bindings& bindings, const std::int8_t* answers) const {
  const Value value = Evaluation(*plan_, bindings, answers).run(*plan_->root);
  if (value.is_error()) return Error(value.error_text(), plan_->source.position(0));
  return value.is_true();
}

const std::string& Program::source() const noexcept { return plan_->source.text(); }

std::string Program::type() const { return type_text(plan_->expr->type); }

bool Program::may_be_boolean() const noexcept {
  switch (plan_->expr->type->kind) {
    case TypeKind::boolean:
    case TypeKind::dyn:
    case TypeKind::any:
    case TypeKind::error:
    case TypeKind::parameter: return true;
    default: return false;
  }
}

}  // namespace slipway::cel

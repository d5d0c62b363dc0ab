#include "trigger/tekton_filters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cel/json.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"
#include "trigger/gitea.hpp"

namespace slipway::trigger {
namespace {

/// Appends the sources of the operands of a top-level `&&`, or of the whole expression.
void add_conjuncts(const std::string& source, const cel::Expr& expr, std::vector<std::string>& found) {
  if (expr.kind == cel::ExprKind::call && expr.name == "_&&_") {
    for (const auto& arg : expr.args) add_conjuncts(source, *arg, found);
  } else {
    found.push_back(source.substr(expr.begin, expr.end - expr.begin));
  }
}

/// True if the result depends on `body.ref` alone.
bool asks_for_ref_alone(const cel::Program& program) {
  const std::string& source = program.source();
  const auto names = [&](const char* name) { return source.find(name) != std::string::npos; };
  return program.body_reads() == std::vector<std::string>{"ref"} && !names("header") && !names("extensions") && !names("requestURL");
}

}  // namespace

std::optional<std::string> not_cel(const std::string& expression) {
  const auto program = cel::Program::compile(expression);
  if (program) return std::nullopt;
  const std::string what = program.error().what();
  return "an error for every event: " + what.substr(0, what.find('\n'));
}

std::optional<std::string> no_condition(const std::string& filter) {
  if (auto why = not_cel(filter)) return why;
  const auto program = cel::Program::compile(filter);
  if (program->may_be_boolean()) return std::nullopt;
  return fmt::format("never true: this is always {}", program->type());
}

bool demands_another_ref(const std::string& filter) {
  const auto expr = cel::parse(cel::Source(filter, Position()));
  const auto body = cel::parse_body(fmt::format(R"({{"ref":"{}"}})", watched_ref));
  if (!expr || !body) return false;
  std::vector<std::string> conjuncts;
  add_conjuncts(filter, **expr, conjuncts);
  cel::Bindings push;
  push.body = &*body;
  return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const std::string& conjunct) {
    const auto program = cel::Program::compile(conjunct);
    if (!program || !asks_for_ref_alone(*program)) return false;
    const auto holds = program->test(push);
    return holds && !*holds;
  });
}

}  // namespace slipway::trigger

#include <algorithm>
#include <optional>

#include "cel/plan.hpp"

namespace slipway::cel {

namespace {

/// Tracks which part of the body each sub-expression denotes. A part that is used as a value (compared, passed to a
/// function) counts as read; one that only leads to another does not.
class Reads {
 public:
  void use(const Expr& expr) {
    if (const auto path = part(expr)) read(*path);
  }

  bool header() const noexcept { return header_; }
  std::optional<std::vector<std::string>> paths() && {
    if (whole_body_) return std::nullopt;
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
    return std::move(paths_);
  }

 private:
  struct Variable {
    std::string name;
    std::optional<std::string> path;
  };

  void read(std::string path) {
    whole_body_ = whole_body_ || path.empty();
    paths_.push_back(std::move(path));
  }

  /// The part of the body that the expression denotes; nullopt for any other value. Parts read along the way are recorded.
  std::optional<std::string> part(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::ident:
        return of_name(expr);
      case ExprKind::select:
        return of_select(expr);
      case ExprKind::call:
        return of_call(expr);
      case ExprKind::loop:
        return of_loop(*expr.loop);
      case ExprKind::literal:
        return std::nullopt;
      default:
        for (const auto& arg : expr.args) use(*arg);
        return std::nullopt;
    }
  }

  std::optional<std::string> of_name(const Expr& expr) {
    header_ = header_ || (expr.slot == 0 && expr.name == "header");
    if (expr.slot == 0) return expr.name == "body" ? std::optional<std::string>("") : std::nullopt;
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const Variable& one) { return one.name == expr.name; });
    return found == variables_.rend() ? std::nullopt : found->path;
  }

  std::optional<std::string> of_select(const Expr& expr) {
    const auto whole = part(*expr.args[0]);
    if (!whole) return std::nullopt;
    std::string path = *whole + (whole->empty() ? "" : ".") + expr.name;
    if (!expr.test_only) return path;
    read(std::move(path));  // has() reads whether it is there
    return std::nullopt;
  }

  std::optional<std::string> of_call(const Expr& expr) {
    if (expr.name == "_[_]" && expr.args[1]->kind == ExprKind::literal) {
      const auto whole = part(*expr.args[0]);
      const Value& index = expr.args[1]->value;
      if (whole && index.is(Kind::string)) return *whole + (whole->empty() ? "" : ".") + std::string(index.text());
      return whole ? std::optional(*whole + "[]") : std::nullopt;
    }
    if (expr.name == "size" && expr.args.size() == 1) {
      if (const auto path = part(*expr.args[0])) read(path->empty() ? *path : *path + "#");
      return std::nullopt;
    }
    for (const auto& arg : expr.args) use(*arg);
    return std::nullopt;
  }

  std::optional<std::string> of_loop(const Loop& loop) {
    const auto range = part(*loop.range);
    // filter and sort_by return the elements themselves.
    if (range && (loop.macro == Macro::filter || loop.macro == Macro::sort_by)) read(*range);
    if (range) read(*range + "#");
    variables_.push_back({loop.variable, range ? std::optional(*range + "[]") : std::nullopt});
    if (loop.predicate != nullptr) use(*loop.predicate);
    if (loop.transform != nullptr) use(*loop.transform);
    variables_.pop_back();
    return std::nullopt;
  }

  std::vector<Variable> variables_;
  std::vector<std::string> paths_;
  bool whole_body_ = false;
  bool header_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> Program::body_reads() const {
  Reads reads;
  reads.use(*plan_->expr);
  return std::move(reads).paths();
}

bool Program::reads_header() const {
  Reads reads;
  reads.use(*plan_->expr);
  return reads.header();
}

}  // namespace slipway::cel

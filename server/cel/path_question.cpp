#include <optional>

#include "cel/path_evidence.hpp"

namespace slipway::cel {

namespace {

using Match = PathQuestion::Match;

// `body.a.b` → {"a", "b"}.
std::optional<std::vector<std::string>> path_below_body(const Expr& e) {
  if (e.kind == ExprKind::ident) return e.slot == 0 && e.name == "body" ? std::optional(std::vector<std::string>()) : std::nullopt;
  if (e.kind != ExprKind::select || e.test_only) return std::nullopt;
  auto path = path_below_body(*e.args[0]);
  if (path) path->push_back(e.name);
  return path;
}

bool is_variable(const Expr& e, std::uint32_t slot) { return e.kind == ExprKind::ident && e.slot == slot && slot != 0; }

bool is_text(const Expr& e) { return e.kind == ExprKind::literal && e.value.is(Kind::string); }

// Translates one filter's loops into a question; each function returns whether it recognises the shape.
class Reader {
 public:
  std::unique_ptr<PathQuestion> read(const Expr& loop) {
    const auto path = path_below_body(*loop.loop->range);
    if (!path || path->empty()) return nullptr;
    question_->list = *path;
    variable_ = loop.slot;
    return commit(*loop.loop->predicate) ? std::move(question_) : nullptr;
  }

 private:
  // A disjunction of loops over the lists of one commit.
  bool commit(const Expr& e) {
    if (e.kind == ExprKind::call && e.name == "_||_") {
      for (const ExprPtr& arg : e.args) {
        if (!commit(*arg)) return false;
      }
      return true;
    }
    if (e.kind == ExprKind::call && e.name == "_&&_" && e.args.size() == 2) {
      const std::string guarded = field_of(*e.args[0], true);
      const std::size_t before = question_->fields.size();
      return !guarded.empty() && files(*e.args[1]) && question_->fields.size() == before + 1 && question_->fields.back() == guarded;
    }
    return files(e);
  }

  // The field name of `c.added` (or of has(c.added), with `presence`); else empty.
  std::string field_of(const Expr& e, bool presence) const {
    if (e.kind != ExprKind::select || e.test_only != presence || !is_variable(*e.args[0], variable_)) return {};
    return e.name;
  }

  // `c.added.exists(f, …)` or `(c.added + c.modified).exists(f, …)`.
  bool files(const Expr& e) {
    if (e.kind != ExprKind::loop || e.loop->macro != Macro::exists) return false;
    std::vector<std::string> fields;
    if (!lists(*e.loop->range, fields) || !tests(*e.loop->predicate, e.slot, fields)) return false;
    question_->fields.insert(question_->fields.end(), fields.begin(), fields.end());
    return true;
  }

  bool lists(const Expr& e, std::vector<std::string>& fields) const {
    if (e.kind == ExprKind::call && e.name == "_+_") return lists(*e.args[0], fields) && lists(*e.args[1], fields);
    fields.push_back(field_of(e, false));
    return !fields.back().empty();
  }

  bool tests(const Expr& e, std::uint32_t file, const std::vector<std::string>& fields) {
    if (e.kind != ExprKind::call) return false;
    if (e.name == "_||_") {
      for (const ExprPtr& arg : e.args) {
        if (!tests(*arg, file, fields)) return false;
      }
      return true;
    }
    if (e.args.size() != 2) return false;
    const Expr& left = *e.args[0];
    const Expr& right = *e.args[1];
    if (e.name == "@in") return is_variable(left, file) && one_of(right, fields);
    if (e.name == "_==_") {
      if (is_variable(left, file) && is_text(right)) return add(Match::whole, right, fields);
      return is_variable(right, file) && is_text(left) && add(Match::whole, left, fields);
    }
    if (!e.member || !is_variable(left, file) || !is_text(right)) return false;
    if (e.name == "startsWith") return add(Match::prefix, right, fields);
    return e.name == "endsWith" && add(Match::suffix, right, fields);
  }

  bool one_of(const Expr& list, const std::vector<std::string>& fields) {
    if (list.kind != ExprKind::list) return false;
    for (const ExprPtr& item : list.args) {
      if (!is_text(*item) || !add(Match::whole, *item, fields)) return false;
    }
    return true;
  }

  bool add(Match match, const Expr& text, const std::vector<std::string>& fields) {
    for (const std::string& field : fields) question_->tests.push_back({field, match, std::string(text.value.text())});
    return true;
  }

  std::unique_ptr<PathQuestion> question_ = std::make_unique<PathQuestion>();
  std::uint32_t variable_ = 0;
};

}  // namespace

std::unique_ptr<const PathQuestion> recognize_paths(const Expr& loop, const Source& source) {
  auto question = Reader().read(loop);
  if (!question) return nullptr;
  question->distinct_fields = distinct(question->fields);
  question->source = paths_source(*question);
  question->excerpt = excerpt(source, loop);
  question->refused = "`" + question->excerpt + "` is false: ";
  question->folders = folders_asked(*question);
  question->asked = asked(*question, excerpt(source, *loop.loop->range));
  return question;
}

}  // namespace slipway::cel

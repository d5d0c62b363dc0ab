#include <algorithm>

#include "base/text.hpp"
#include "cel/eval.hpp"
#include "cel/misspelling.hpp"
#include "cel/path_evidence.hpp"
#include "cel/show.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t longest_excerpt = 240;
constexpr std::size_t most_reasons = 3;

/// The part of an expression that decided, and why.
struct Cause {
  const Node* node = nullptr;
  std::string reason;  // follows "`…` is false: "; may be empty
};

bool is_loop(const Node& node) { return node.op >= Op::all; }
// A literal, a variable, or a selection from one: needs no further explanation.
bool is_plain(const Node& node) { return node.op <= Op::index && node.op != Op::has && !(node.op == Op::constant && !node.args.empty()); }
bool is_arithmetic(const Node& node) { return node.op >= Op::add && node.op <= Op::modulo; }

// A single allocation: of twenty triggers nineteen refuse every push.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string whole;
  whole.reserve(size);
  for (const std::string_view part : parts) whole += part;
  return whole;
}

// `before`, then the sentence that none of the paths matches the question.
std::string no_such_path(const PathQuestion& question, PathEvidence::Paths& paths, std::string_view before) {
  return joined({before, "none of the ", std::to_string(paths.all.size()), question.asked, ": ", paths.shown, misspelt(question, paths)});
}

// The part that made a filter refuse, if that is known without evaluating anything; else null.
const Node* known_refusal(const Node& node, Answers answers) {
  if (node.op != Op::logical_and) return &node;
  for (const Node* arg : node.args) {
    const std::int8_t answer = known_answer(answers, *arg);
    if (arg == node.args.back() || answer == 0) return known_refusal(*arg, answers);
    if (answer < 0) return nullptr;
  }
  return nullptr;
}

// Descends from the root to the smallest part that decided, re-evaluating operands on the way.
class Explainer {
 public:
  Explainer(const Program::Plan& plan, const Bindings& bindings, Answers answers = nullptr)
      : plan_(plan), evaluation_(plan, bindings, answers), evidence_(bindings.evidence == nullptr ? own_evidence_ : *bindings.evidence) {}

  Explanation run() {
    const Value value = evaluation_.run(*plan_.root);
    Explanation made;
    Cause cause;
    std::string middle;
    if (value.is_error()) {
      made.verdict = Explanation::Verdict::error;
      cause = failed(*plan_.root, value);
    } else if (!value.is(Kind::boolean)) {
      made.verdict = Explanation::Verdict::not_matched;
      cause = {plan_.root, "a filter has to be true, this is " + show(value)};
      middle = " is not a boolean";
    } else {
      made.verdict = value.as_bool() ? Explanation::Verdict::matched : Explanation::Verdict::not_matched;
      cause = value.as_bool() ? held(*plan_.root) : refused(*plan_.root);
      middle = value.as_bool() ? " is true" : " is false";
    }
    made.expression = source(*cause.node);
    made.where = plan_.source.position(cause.node->expr->begin);
    made.text = sentence(cause, middle);
    return made;
  }

  std::string refusal() {
    const Node& root = *plan_.root;
    const bool is_boolean = root.op == Op::logical_and || root.question;  // then a refusal means false, not a non-boolean
    if (!is_boolean) return run().text;
    const Node& decided = first_false(root);
    return decided.question ? no_path(decided, decided.question->refused) : sentence(refused(decided), " is false");
  }

 private:
  Value eval(const Node& node) {
    const std::int8_t answer = evaluation_.known(node);
    return answer < 0 ? evaluation_.run(node) : Value::boolean(answer > 0);
  }

  std::string sentence(const Cause& cause, std::string_view middle) const {
    const PathQuestion* question = cause.node->question.get();
    return question != nullptr ? joined({"`", question->excerpt, "`", middle, cause.reason.empty() ? "" : ": ", cause.reason})
                               : joined({"`", source(*cause.node), "`", middle, cause.reason.empty() ? "" : ": ", cause.reason});
  }

  std::string source(const Node& node) const { return excerpt(plan_.source, *node.expr); }

  static Value element(const Value& range, std::size_t index) { return range.is(Kind::list) ? range.at(index) : range.key_at(index); }
  static bool has_elements(const Value& range) { return range.is(Kind::list) || range.is(Kind::map); }

  std::string named(const Node& node) { return source(node) + " is " + show(eval(node)); }

  // The values of the non-literal operands.
  std::string seen(const Node& node) {
    std::string made;
    for (const Node* arg : node.args) {
      if (arg == nullptr || arg->op == Op::constant) continue;
      made += (made.empty() ? "" : ", ") + named(*arg);
    }
    return made;
  }

  // --- true

  Cause held(const Node& node) {
    if (node.op == Op::logical_or) {
      for (const Node* arg : node.args) {
        if (eval(*arg).is_true()) return held(*arg);
      }
    }
    if (node.op == Op::exists) {
      const Value range = eval(*node.args[0]);
      for (std::size_t i = 0; has_elements(range) && i < range.size() && !evaluation_.exhausted(); ++i) {
        evaluation_.slot(node.slot) = element(range, i);
        if (!eval(*node.args[1]).is_true()) continue;
        const Cause inner = held(*node.args[1]);
        if (!inner.reason.empty()) return {&node, inner.reason};
        return {&node, node.expr->loop->variable + " is " + show(element(range, i))};
      }
    }
    if (node.op == Op::conditional) return held(*node.args[eval(*node.args[0]).is_true() ? 1 : 2]);
    if (node.op == Op::call && node.expr->name == "match") return {&node, header_seen(node)};
    return {&node, node.op == Op::logical_and || is_plain(node) ? "" : seen(node)};
  }

  // --- false

  // The first false operand of an `&&`; the last one if none before it is false.
  const Node& first_false(const Node& node) {
    if (node.op != Op::logical_and) return node;
    for (const Node* arg : node.args) {
      if (arg != node.args.back() && eval(*arg).is_false()) return first_false(*arg);
    }
    return first_false(*node.args.back());
  }

  Cause refused(const Node& node) {
    switch (node.op) {
      case Op::logical_and: return refused(first_false(node));
      case Op::logical_or: return {&node, reasons(node)};
      case Op::conditional: return refused(*node.args[eval(*node.args[0]).is_true() ? 1 : 2]);
      case Op::logical_not: {
        const std::string reason = held(*node.args[0]).reason;
        return {&node, reason.empty() ? source(*node.args[0]) + " is true" : reason};
      }
      case Op::exists: return {&node, node.question ? no_path(node) : no_element(node)};
      case Op::all: return {&node, first_refused(node)};
      case Op::exists_one: return {&node, how_many(node)};
      case Op::has: return {&node, missing(node)};
      case Op::in:
      case Op::in_set:
      case Op::equal:
      case Op::starts_with: return {&node, seen(node) + meant(node)};
      case Op::call:
        if (node.expr->name == "match") return {&node, header_seen(node)};
        break;
      default: break;
    }
    return {&node, is_plain(node) ? "" : seen(node)};
  }

  std::string reasons(const Node& node) {
    std::vector<std::string> each;
    for (const Node* arg : node.args) {
      const Cause cause = refused(*arg);
      std::string reason = cause.reason.empty() ? source(*cause.node) + " is false" : cause.reason;
      if (std::find(each.begin(), each.end(), reason) == each.end()) each.push_back(std::move(reason));
    }
    std::string made;
    for (std::size_t i = 0; i < each.size() && i < most_reasons; ++i) made += (i > 0 ? "; " : "") + each[i];
    return each.size() > most_reasons ? made + "; …" : made;
  }

  std::string no_element(const Node& node) {
    const Value range = eval(*node.args[0]);
    const std::string name = source(*node.args[0]);
    if (!has_elements(range) || range.size() == 0) return name + " is empty";
    evaluation_.slot(node.slot) = element(range, 0);
    const std::string first = eval(*node.args[1]).is_false() ? refused(*node.args[1]).reason : "";
    return "it holds for none of the " + std::to_string(range.size()) + " in " + name + (first.empty() ? "" : "; of the first, " + first);
  }

  std::string first_refused(const Node& node) {
    const Value range = eval(*node.args[0]);
    for (std::size_t i = 0; has_elements(range) && i < range.size() && !evaluation_.exhausted(); ++i) {
      evaluation_.slot(node.slot) = element(range, i);
      if (!eval(*node.args[1]).is_false()) continue;
      const std::string reason = refused(*node.args[1]).reason;
      return "not for number " + std::to_string(i + 1) + " of " + std::to_string(range.size()) + " in " + source(*node.args[0]) +
             (reason.empty() ? "" : ": " + reason);
    }
    return "";
  }

  std::string how_many(const Node& node) {
    const Value range = eval(*node.args[0]);
    std::size_t count = 0;
    for (std::size_t i = 0; has_elements(range) && i < range.size() && !evaluation_.exhausted(); ++i) {
      evaluation_.slot(node.slot) = element(range, i);
      if (eval(*node.args[1]).is_true()) ++count;
    }
    return "it holds for " + std::to_string(count) + " of the " + std::to_string(range.size()) + " in " + source(*node.args[0]);
  }

  static std::vector<std::string> field_names(const Value& map) {
    std::vector<std::string> names;
    for (std::size_t i = 0; map.is(Kind::map) && i < map.size(); ++i) {
      const Value key = map.key_at(i);
      if (key.is(Kind::string)) names.emplace_back(key.text());
    }
    return names;
  }

  // What the header in `header.match(name, …)` contains.
  std::string header_seen(const Node& node) {
    const Value headers = eval(*node.args[0]), name = eval(*node.args[1]);
    for (const std::string& known : field_names(headers)) {
      Value values;
      if (same_but_for_case(known, name.text()) && headers.find(known, values) && values.size() > 0) return known + " is " + show(values.at(0));
    }
    return source(*node.args[0]) + " has no " + std::string(name.text()) + did_you_mean(name.text(), field_names(headers));
  }

  std::string missing(const Node& node) {
    const Value operand = eval(*node.args[0]);
    return source(*node.args[0]) + " is " + show(operand) + did_you_mean(node.value.text(), field_names(operand));
  }

  // A literal that is close to the actual value is probably a misspelling of it.
  std::string meant(const Node& node) {
    for (std::size_t i = 0; i < node.args.size() && node.args.size() == 2; ++i) {
      const Node& literal = *node.args[1 - i];
      if (literal.op != Op::constant || node.args[i]->op == Op::constant) continue;
      const Value value = eval(*node.args[i]);
      if (!value.is(Kind::string)) continue;
      std::string text(value.text());
      for (const std::string& word : literals(literal.value)) {
        if (node.op == Op::starts_with) text = text.substr(0, word.size());
        if (nearly(text, word)) return "; did you mean " + show_text(text) + " where " + show_text(word) + " is written?";
      }
    }
    return "";
  }

  static std::vector<std::string> literals(const Value& value) {
    std::vector<std::string> words;
    if (value.is(Kind::string)) words.emplace_back(value.text());
    for (std::size_t i = 0; value.is(Kind::list) && i < value.size(); ++i) {
      const Value item = value.at(i);
      if (item.is(Kind::string)) words.emplace_back(item.text());
    }
    return words;
  }

  // --- paths

  // Appends to `before` why no path matches.
  std::string no_path(const Node& node, std::string_view before = {}) {
    const PathQuestion& question = *node.question;
    PathEvidence::Paths* known = evidence_.find(question);
    if (known == nullptr) {
      const Value list = eval(*node.args[0]);
      if (!list.is(Kind::list)) return joined({before, no_element(node)});  // an object, whose keys exists() iterates over
      if (list.size() == 0) return joined({before, source(*node.args[0]), " is empty"});
      known = &evidence_.collect(question, list);
    }
    if (!known->all.empty()) return no_such_path(question, *known, before);
    return joined({before, "there are no paths in ", show_list(question.distinct_fields, "and"), " of ", source(*node.args[0])});
  }

  // --- errors

  Cause failed(const Node& node, const Value& error) {
    if (is_loop(node)) {
      if (const Cause inner = failed_in_loop(node); inner.node != nullptr) return inner;
    } else {
      for (const Node* arg : node.args) {
        const Value value = eval(*arg);
        if (evaluation_.exhausted()) break;
        if (value.is_error()) return failed(*arg, value);
        const bool logical = node.op == Op::logical_and || node.op == Op::logical_or;
        if (logical && !value.is(Kind::boolean)) return {arg, "it has to be a boolean, and is " + show(value)};
      }
    }
    return {&node, error.error_text() + context(node, error)};
  }

  Cause failed_in_loop(const Node& node) {
    const Value range = eval(*node.args[0]);
    if (range.is_error()) return failed(*node.args[0], range);
    if (!has_elements(range)) return {node.args[0], "it has to be a list or an object, and is " + show(range)};
    for (std::size_t i = 0; i < range.size() && !evaluation_.exhausted(); ++i) {
      evaluation_.slot(node.slot) = element(range, i);
      for (std::size_t part = 1; part < node.args.size(); ++part) {
        if (node.args[part] == nullptr) continue;
        const Value value = eval(*node.args[part]);
        if (value.is_error()) return failed(*node.args[part], value);
      }
    }
    return {};
  }

  std::string context(const Node& node, const Value& error) {
    if (node.op == Op::select && error.fault() == Fault::no_such_key) {
      const Value operand = eval(*node.args[0]);
      return "; " + source(*node.args[0]) + " is " + show(operand) + did_you_mean(node.value.text(), field_names(operand));
    }
    if (is_loop(node) || node.op == Op::constant) return "";
    const std::string values = seen(node);
    return (values.empty() ? "" : "; " + values) + hint(node, error);
  }

  // A hint at the most common cause of such an error.
  std::string hint(const Node& node, const Value& error) {
    if (node.op == Op::index && error.fault() == Fault::no_such_key) return did_you_mean(error.text(), field_names(eval(*node.args[0])));
    if (!is_arithmetic(node) || error.fault() != Fault::no_such_overload) return "";
    const Value left = eval(*node.args[0]), right = eval(*node.args[1]);
    const bool mixed = (left.is(Kind::float64) && right.is(Kind::int64)) || (left.is(Kind::int64) && right.is(Kind::float64));
    return mixed ? " (the numbers of a body are doubles: write 1.0)" : "";
  }

  const Program::Plan& plan_;
  Evaluation evaluation_;
  PathEvidence own_evidence_;
  PathEvidence& evidence_;
};

}  // namespace

std::string excerpt(const Source& source, const Expr& e) {
  std::string_view left = std::string_view(source.text()).substr(e.begin, e.end - e.begin);
  std::string made;
  while (!left.empty()) {
    constexpr std::string_view blanks = " \n\t\r";
    const std::size_t word = std::min(left.find_first_of(blanks), left.size());
    made += left.substr(0, word);
    left.remove_prefix(word);
    if (!left.empty() && !made.empty()) made += ' ';
    left.remove_prefix(std::min(left.find_first_not_of(blanks), left.size()));
  }
  return printable(made, longest_excerpt);
}

Explanation Program::explain(const Bindings& bindings) const { return Explainer(*plan_, bindings).run(); }

std::string Program::refusal(const Bindings& bindings, const std::int8_t* answers) const {
  // Fast path: nineteen of twenty filters refuse because of the same paths, which the first explanation has collected already.
  const Node* const decided = answers == nullptr || bindings.evidence == nullptr ? nullptr : known_refusal(*plan_->root, answers);
  if (decided != nullptr && decided->question) {
    PathEvidence::Paths* const known = bindings.evidence->find(*decided->question);
    if (known != nullptr && !known->all.empty()) return no_such_path(*decided->question, *known, decided->question->refused);
  }
  return Explainer(*plan_, bindings, answers).refusal();
}

std::string Program::refusal(const Bindings& bindings) const { return refusal(bindings, nullptr); }

}  // namespace slipway::cel

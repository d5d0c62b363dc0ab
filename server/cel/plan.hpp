#pragma once

#include <re2/re2.h>

#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "cel/ast.hpp"
#include "cel/checker.hpp"
#include "cel/misspelling.hpp"
#include "cel/program.hpp"
#include "cel/source.hpp"

namespace slipway::cel {

/// The operation of a plan node.
enum class Op : std::uint8_t {
  constant, body, header, extensions, request_url, variable, local,
  select, has, index, in, in_set,
  logical_not, negate, add, subtract, multiply, divide, modulo,
  equal, not_equal, less, less_equal, greater, greater_equal,
  logical_and, logical_or, conditional,
  starts_with, ends_with, contains, matches, call,
  list, map, message,
  all, exists, exists_one, map_loop, filter_loop, sort_by,
};

struct Node;

/// `paths.exists(f, f.startsWith('a') || f == 'b' …)` inside `body.commits.exists(c, c.added.exists(…) || …)`: which of
/// a commit's lists are read, and the texts to look for. FilterSet answers it without running the loops.
struct PathQuestion {
  enum class Match : std::uint8_t { prefix, whole, suffix };
  struct Test {
    std::string field;  ///< of a commit: `added`
    Match match;
    std::string text;
  };
  std::vector<std::string> list;  ///< path below body: `commits`
  std::vector<Test> tests;        ///< the loop is true if one of them is, provided the fields are lists of strings
  std::vector<std::string> fields;
  // For explanations, computed once:
  std::vector<std::string> distinct_fields;
  std::string source;   ///< `commits.: added modified`: questions with the same source are about the same paths
  std::string excerpt;  ///< source text of the loop
  std::string refused;  ///< the excerpt in backquotes, then " is false: "
  std::string asked;    ///< ` paths in added of body.commits begins with 'services/'`
  /// A prefix that ends in a slash, and its number of levels.
  struct Folder {
    std::string text;
    Letters letters;
    std::ptrdiff_t depth;
  };
  std::vector<Folder> folders;  ///< distinct
};

/// Membership in a literal list, precomputed as in cel-go: numbers are also stored as the other numeric types they convert to.
struct ConstantSet {
  void insert(const Value& value);
  bool contains(const Value& value) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> texts_;
  std::unordered_set<std::int64_t> ints_;
  std::unordered_set<std::uint64_t> uints_;
  std::unordered_set<double> doubles_;
  bool true_ = false, false_ = false;
};

/// One step of evaluation. Children are nodes of the same plan.
struct Node {
  Op op = Op::constant;
  std::uint32_t slot = 0;               ///< local, loops: the loop variable; variable: index into the environment's variables
  std::vector<const Node*> args;
  Value value;                          ///< constant; for select and has the field name as a string
  const Expr* expr = nullptr;           ///< its source
  std::vector<const Overload*> calls;   ///< call: candidate overloads, in order
  std::unique_ptr<const re2::RE2> regex;         ///< matches with a literal pattern
  std::unique_ptr<const ConstantSet> set;        ///< in_set
  std::unique_ptr<const PathQuestion> question;  ///< exists, if recognised as a path question
  std::uint32_t part = no_part;                  ///< index into Plan::parts

  static constexpr std::uint32_t no_part = ~0u;
};

/// A program: the checked expression and its evaluation steps.
struct Program::Plan {
  Plan(std::string_view text, const Position& where) : source(text, where) {}

  Source source;
  TypePool types;
  ExprPtr expr;
  std::deque<Node> nodes;
  const Node* root = nullptr;
  std::uint32_t slots = 0;
  /// Nodes that FilterSet may answer before evaluation: path questions and the operands of a top-level `&&`.
  std::vector<const Node*> parts;
};

/// Phases of compilation; tools need to know which one failed.
enum class Phase { parse, check, program };

/// Compiles programs, also in environments other than Tekton's (the CEL specification's test cases, `bindings` of a batch).
struct Compiler {
  const Environment& environment = Environment::tekton();
  Phase phase = Phase::parse;  ///< the last phase reached

  Result<Program> compile(std::string_view source, const Position& where = Position());
  /// `variables`: values of the environment's variables beyond Tekton's four, in its order.
  static Result<Value> evaluate(const Program& program, const Bindings& bindings, const std::vector<Value>& variables);
};

/// Plans a checked expression: folds constants where cel-go does, and reports the errors it reports at this stage.
Result<void> plan_program(Program::Plan& plan, const Environment& environment);

/// Compiles a regular expression with Go's syntax and semantics, or says what is wrong with it.
Result<std::unique_ptr<const re2::RE2>> compile_regex(std::string_view pattern);

/// Recognises the path question that an exists loop asks; null if it is none.
std::unique_ptr<const PathQuestion> recognize_paths(const Expr& loop, const Source& source);

/// The source of a sub-expression on one line, truncated if long.
std::string excerpt(const Source& source, const Expr& e);

}  // namespace slipway::cel

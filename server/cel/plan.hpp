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

/// What a node of a plan does.
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

/// `paths.exists(f, f.startsWith('a') || f == 'b' …)` inside `body.commits.exists(c, c.added.exists(…) || …)`: which of a commit's
/// lists are read, and the texts that decide. FilterSet answers it without running the loops.
struct PathQuestion {
  enum class Match : std::uint8_t { prefix, whole, suffix };
  struct Test {
    std::string field;  ///< of a commit: `added`
    Match match;
    std::string text;
  };
  std::vector<std::string> list;  ///< below body: `commits`
  std::vector<Test> tests;        ///< the loop is true where one of them is, provided that the lists are lists of strings
  std::vector<std::string> fields;
  // For explanations, made once:
  std::vector<std::string> distinct_fields;
  std::string source;   ///< `commits.: added modified`: questions of one source are answered by the same paths
  std::string excerpt;  ///< the source of the loop
  std::string refused;  ///< the same, quoted, and " is false: "
  std::string asked;    ///< ` paths in added of body.commits begins with 'services/'`
  /// A prefix that ends with a slash, so many levels deep.
  struct Folder {
    std::string text;
    Letters letters;
    std::ptrdiff_t depth;
  };
  std::vector<Folder> folders;  ///< each once
};

/// Membership in a literal list as cel-go precomputes it: numbers also as the other numeric types where they convert.
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
  std::uint32_t slot = 0;               ///< local, loops: the variable; variable: its index in the environment
  std::vector<const Node*> args;
  Value value;                          ///< constant; the field of select and has, as a string
  const Expr* expr = nullptr;           ///< where it comes from
  std::vector<const Overload*> calls;   ///< call: what may run, in order
  std::unique_ptr<const re2::RE2> regex;         ///< matches with a literal pattern
  std::unique_ptr<const ConstantSet> set;        ///< in_set
  std::unique_ptr<const PathQuestion> question;  ///< exists, where it is one
  std::uint32_t part = no_part;                  ///< its place in Plan::parts

  static constexpr std::uint32_t no_part = ~0u;
};

/// A program: the checked expression and the steps that evaluate it.
struct Program::Plan {
  Plan(std::string_view text, const Position& where) : source(text, where) {}

  Source source;
  TypePool types;
  ExprPtr expr;
  std::deque<Node> nodes;
  const Node* root = nullptr;
  std::uint32_t slots = 0;
  /// What may be known before the plan is evaluated (FilterSet): path questions, and what the whole is an `&&` of.
  std::vector<const Node*> parts;
};

/// The phases of compilation, for the program and for the tools that want to know which of them failed.
enum class Phase { parse, check, program };

/// Makes programs, also in other environments than Tekton's (the specification's own cases, `bindings` of a batch).
struct Compiler {
  const Environment& environment = Environment::tekton();
  Phase phase = Phase::parse;  ///< that was reached

  Result<Program> compile(std::string_view source, const Position& where = Position());
  /// Values of the environment's variables, in its order, beside the four of Tekton.
  static Result<Value> evaluate(const Program& program, const Bindings& bindings, const std::vector<Value>& variables);
};

/// Plans a checked expression: folds what cel-go folds, and reports what it reports then.
Result<void> plan_program(Program::Plan& plan, const Environment& environment);

/// The regular expression, with Go's syntax and meaning, or what is wrong with it.
Result<std::unique_ptr<const re2::RE2>> compile_regex(std::string_view pattern);

/// Recognizes the question that an exists loop asks.
std::unique_ptr<const PathQuestion> recognize_paths(const Expr& loop, const Source& source);

/// The source of a part of an expression on one line, cut where it is long.
std::string excerpt(const Source& source, const Expr& e);

}  // namespace slipway::cel

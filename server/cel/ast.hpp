#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cel/value.hpp"

namespace slipway::cel {

class Type;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind : std::uint8_t { literal, ident, select, call, list, map, message, loop };

/// The macro that a loop was written with.
enum class Macro : std::uint8_t { all, exists, exists_one, map, filter, sort_by };

/// A comprehension, expanded from its macro as in cel-go; this form is what the checker sees. Evaluation uses `macro`
/// and the two user-written parts, which are inside `step`.
struct Loop {
  Macro macro = Macro::all;
  std::string variable;
  std::string accumulator;
  ExprPtr range, initial, condition, step, result;
  const Expr* predicate = nullptr;  ///< of all, exists, exists_one, filter, and three-argument map
  const Expr* transform = nullptr;  ///< of map; the key of sort_by
};

/// One node of an expression.
struct Expr {
  ExprKind kind = ExprKind::literal;
  bool member = false;     ///< call: args[0] is the receiver, before the dot
  bool test_only = false;  ///< select: has(operand.name)
  std::uint32_t position = 0;            ///< byte offset that errors point at (an operator or opening bracket)
  std::uint32_t begin = 0, end = 0;      ///< byte range in the source
  std::string name;                      ///< of an ident (dotted once resolved), a field, a function or a message type
  Value value;                           ///< of a literal
  std::vector<ExprPtr> args;             ///< operand; arguments; elements; alternating keys and values; field values
  std::vector<std::string> fields;       ///< of a message
  std::unique_ptr<Loop> loop;

  // Set by the checker.
  const Type* type = nullptr;
  std::uint32_t slot = 0;                ///< ident: 1 + index of the loop variable; 0 if declared outside any loop
  std::vector<std::uint16_t> overloads;  ///< call: indices of the declarations that fit
};

}  // namespace slipway::cel

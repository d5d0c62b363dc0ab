#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cel/ast.hpp"
#include "cel/declarations.hpp"
#include "cel/source.hpp"
#include "cel/types.hpp"

namespace slipway::cel {

/// What an expression may name beside functions and types. Filters have body, header, extensions and requestURL (Environment::tekton);
/// others come only from the specification's own cases.
struct Environment {
  static const Environment& tekton();

  std::string container;                                       ///< names are looked up in it first: `com.example`
  bool unchecked = false;                                      ///< every type is dyn: what does not fit, or exist, is an error only when it is evaluated
  std::vector<std::pair<std::string, const Type*>> variables;  ///< by full name
};

/// Checks the types as cel-go does, resolves dotted names in place, and notes on every node its type, its loop variable and the
/// overloads that fit. Types live as long as `pool`.
Result<void> check(Expr& expr, const Source& source, const Environment& environment, TypePool& pool);

/// cel-go's static check of string.format with a literal format and a literal list.
Result<void> check_formats(const Expr& expr, const Source& source);

}  // namespace slipway::cel

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

/// Names available to an expression besides functions and types. Filters have body, header, extensions and requestURL
/// (Environment::tekton); others occur only in the CEL specification's test cases.
struct Environment {
  static const Environment& tekton();

  std::string container;                                       ///< names are looked up in it first: `com.example`
  bool unchecked = false;                                      ///< all types are dyn: mismatches and unknown names become evaluation errors
  std::vector<std::pair<std::string, const Type*>> variables;  ///< by full name
};

/// Type-checks like cel-go, resolves dotted names in place, and annotates every node with its type, loop variable and
/// the overloads that fit. Types live as long as `pool`.
Result<void> check(Expr& expr, const Source& source, const Environment& environment, TypePool& pool);

/// cel-go's static check of string.format calls with a literal format and a literal list.
Result<void> check_formats(const Expr& expr, const Source& source);

}  // namespace slipway::cel

#pragma once

#include "base/result.hpp"
#include "cel/ast.hpp"
#include "cel/source.hpp"

namespace slipway::cel {

/// The limits of cel-go's parser: nesting of expressions, depth of the tree, length in characters.
constexpr int max_nesting = 250;
constexpr int max_depth = 250;
constexpr std::size_t max_code_points = 100'000;

/// The expression with macros expanded, or the first error.
Result<ExprPtr> parse(const Source& source);

}  // namespace slipway::cel

#pragma once

#include <optional>

#include "base/result.hpp"
#include "cel/ast.hpp"

namespace slipway::cel {

/// Result of a macro expansion: empty if the call is not a macro, else the expansion, or an error with its offset.
struct MacroError {
  std::uint32_t offset;
  std::string what;
};
struct Expansion {
  ExprPtr made;
  std::optional<MacroError> error;
};

/// Expands `call` if its name, arity and style match a macro; `call` is consumed then.
Expansion expand_macro(ExprPtr& call);

}  // namespace slipway::cel

#pragma once

#include <optional>

#include "base/result.hpp"
#include "cel/ast.hpp"

namespace slipway::cel {

/// What a macro made of a call: nothing where the call is no macro, else the expansion or what is wrong and at which offset.
struct MacroError {
  std::uint32_t offset;
  std::string what;
};
struct Expansion {
  ExprPtr made;
  std::optional<MacroError> error;
};

/// Expands `call` in place where its name, arity and style are those of a macro; `call` is then empty.
Expansion expand_macro(ExprPtr& call);

}  // namespace slipway::cel

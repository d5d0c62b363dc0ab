#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/lexer.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// The value of a number, string or bytes token; `negative` where a minus sign stands before a number. The error has no position.
Result<Value> literal_value(TokenKind kind, std::string_view text, bool negative);

}  // namespace slipway::cel

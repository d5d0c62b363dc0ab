#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/lexer.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// The value of a number, string or bytes token; `negative` if a minus sign precedes the number. The error has no position.
Result<Value> literal_value(TokenKind kind, std::string_view text, bool negative);

}  // namespace slipway::cel

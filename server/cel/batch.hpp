#pragma once

#include <string>
#include <string_view>

namespace slipway::cel {

/// Evaluates one line of `slipway eval --batch`: a JSON object with `id`, `expr`, `header`, `body` or `body_text`, and
/// optionally `extensions`, `requestURL` and `bindings` (further variables as typed values; the CEL specification's test
/// cases also use `type_env`, `container` and `disable_check`) → {"id","kind":"bool|value|error","typed"?,"value"?,"error"?}
/// without a newline. Never throws: a malformed line yields an error result.
std::string evaluate_line(std::string_view line);

}  // namespace slipway::cel

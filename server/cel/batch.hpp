#pragma once

#include <string>
#include <string_view>

namespace slipway::cel {

/// One line of `slipway eval --batch`: a JSON object with `id`, `expr`, `header`, `body` or `body_text`, and optionally `extensions`,
/// `requestURL` and `bindings` (further variables as typed values; of the specification's cases also `type_env`, `container` and
/// `disable_check`) → {"id","kind":"bool|value|error","typed"?,"value"?,"error"?}, without the newline. Never throws: a line
/// that is not understood gives an error of its own.
std::string evaluate_line(std::string_view line);

}  // namespace slipway::cel

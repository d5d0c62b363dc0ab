#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// A value in protobuf's JSON mapping, printed like Go's encoding/json: keys sorted, no white space, `<`, `>` and `&`
/// escaped, integers beyond 2^53 as strings, bytes as base64, durations and timestamps as strings. NaN, infinities,
/// types, text that is not UTF-8 and non-string keys are errors.
Result<std::string> proto_json(const Value& value);

/// Sets a value at an sjson path: dots separate the members of nested objects, `\` quotes the next character, a number
/// or -1 (append) is a list index.
Result<void> set_path(rapidjson::Document& document, std::string_view path, rapidjson::Value value);

}  // namespace slipway::cel

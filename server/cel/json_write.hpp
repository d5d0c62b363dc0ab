#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// A value as protobuf's JSON mapping has it and Go's encoding/json prints it: keys sorted, no blanks, `<`, `>` and `&` escaped, integers
/// beyond 2^53 as strings, bytes as base64, durations and timestamps as strings. NaN, infinities, types, text that is not UTF-8 and keys
/// that are no strings are errors.
Result<std::string> proto_json(const Value& value);

/// Puts a value at an sjson path: dots separate the members of nested objects, `\` takes the next character as it is, a number or -1 is the
/// index of a list.
Result<void> set_path(rapidjson::Document& document, std::string_view path, rapidjson::Value value);

}  // namespace slipway::cel

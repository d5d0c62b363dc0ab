#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// Parses a JSON object as Go's encoding/json does into a map: empty text and `null` are {}, the last of duplicate keys
/// wins, invalid UTF-8 becomes U+FFFD, nesting is limited to 10,000 levels. A top-level value of another type, trailing
/// text, and numbers outside the range of double are errors.
Result<rapidjson::Document> parse_body(std::string_view text);

/// The same for any top-level value, and for an object where empty text is an error.
Result<rapidjson::Document> parse_json(std::string_view text);
Result<rapidjson::Document> parse_json_object(std::string_view text);

/// The JSON text of an overlay's value in `extensions`. As in Tekton, null, uint, timestamp, duration, type, strings that are not
/// UTF-8 and maps with double keys are errors; bytes become base64, and integers beyond 2^53 inside lists and maps become strings.
Result<std::string> overlay_json(const Value& value);

/// Sets an overlay's value at `key` of the extensions, like Tekton (sjson): `a.b` creates an object `a` with member `b`.
Result<void> set_extension(rapidjson::Document& extensions, std::string_view key, const Value& value);

}  // namespace slipway::cel

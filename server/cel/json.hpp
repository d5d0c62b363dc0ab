#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// A JSON object as Go's encoding/json decodes it into a map: empty text and `null` are {}, the last of equal keys wins, invalid UTF-8
/// becomes U+FFFD, at most 10,000 levels. Anything else at the top, trailing text and numbers beyond a double are errors.
Result<rapidjson::Document> parse_body(std::string_view text);

/// The same for any value at the top, and for an object where empty text is an error.
Result<rapidjson::Document> parse_json(std::string_view text);
Result<rapidjson::Document> parse_json_object(std::string_view text);

/// The JSON text that an overlay's value becomes in `extensions`. null, uint, timestamp, duration, type, strings that are not UTF-8
/// and maps with a double as key are errors, as in Tekton; bytes become base64, integers beyond 2^53 inside lists and maps strings.
Result<std::string> overlay_json(const Value& value);

/// Puts an overlay's value at `key` of the extensions, as Tekton does (sjson): `a.b` makes an object `a` with the member `b`.
Result<void> set_extension(rapidjson::Document& extensions, std::string_view key, const Value& value);

}  // namespace slipway::cel

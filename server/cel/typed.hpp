#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/result.hpp"
#include "cel/types.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// Writes a value in the lossless form used by batches: {"t":"int","v":"2"}, doubles as text, bytes and invalid UTF-8
/// as base64 under "b64", maps as sorted pairs, durations in "v_ns".
void write_typed(const Value& value, JsonWriter& writer);

/// Reads that form back: the value, and the type of a variable holding it. Texts still refer to `typed`.
Result<Value> read_typed(const rapidjson::Value& typed);
const Type* type_of_typed(const rapidjson::Value& typed, TypePool& pool);
/// The type given as `int`, {"list":"int"} or {"map":["string","dyn"]}; null if it is none.
const Type* read_type(const rapidjson::Value& named, TypePool& pool);

}  // namespace slipway::cel

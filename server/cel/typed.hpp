#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/result.hpp"
#include "cel/types.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// A value in the exact form of a batch: {"t":"int","v":"2"}, doubles as text, bytes and broken text as base64 under "b64", maps as sorted
/// pairs, durations in "v_ns".
void write_typed(const Value& value, JsonWriter& writer);

/// The value that such an object stands for, and the type that a variable holding it has. The texts stay in the object.
Result<Value> read_typed(const rapidjson::Value& typed);
const Type* type_of_typed(const rapidjson::Value& typed, TypePool& pool);
/// The type named `int`, {"list":"int"} or {"map":["string","dyn"]}; null where it is none.
const Type* read_type(const rapidjson::Value& named, TypePool& pool);

}  // namespace slipway::cel

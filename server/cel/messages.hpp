#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cel/types.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// One of protobuf's well-known messages that an expression can construct: `google.protobuf.Int64Value{value: 1}` is 1.
struct Message {
  const char* name;
};

const Message* find_message(std::string_view name);
/// The type of a field, or null if the message has no such field.
const Type* message_field(const Message& message, std::string_view field, TypePool& pool);
/// The CEL value of a message with these fields.
Value build_message(std::string_view name, std::span<const std::string> fields, std::span<const Value> values);

}  // namespace slipway::cel

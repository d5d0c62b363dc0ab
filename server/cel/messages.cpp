#include "cel/messages.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "cel/declarations.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

constexpr std::array<Message, 16> messages{{
    {"google.protobuf.Any"}, {"google.protobuf.BoolValue"}, {"google.protobuf.BytesValue"}, {"google.protobuf.DoubleValue"},
    {"google.protobuf.Duration"}, {"google.protobuf.Empty"}, {"google.protobuf.FloatValue"}, {"google.protobuf.Int32Value"},
    {"google.protobuf.Int64Value"}, {"google.protobuf.ListValue"}, {"google.protobuf.StringValue"}, {"google.protobuf.Struct"},
    {"google.protobuf.Timestamp"}, {"google.protobuf.UInt32Value"}, {"google.protobuf.UInt64Value"}, {"google.protobuf.Value"},
}};

std::string_view short_name(std::string_view name) { return name.substr(name.rfind('.') + 1); }

const Type* wrapped_type(std::string_view name) {
  if (name == "BoolValue") return simple_type(TypeKind::boolean);
  if (name == "BytesValue") return simple_type(TypeKind::bytes);
  if (name == "DoubleValue" || name == "FloatValue") return simple_type(TypeKind::float64);
  if (name == "Int32Value" || name == "Int64Value") return simple_type(TypeKind::int64);
  if (name == "StringValue") return simple_type(TypeKind::string);
  if (name == "UInt32Value" || name == "UInt64Value") return simple_type(TypeKind::uint64);
  return nullptr;
}

const Type* value_field(std::string_view field, TypePool& pool) {
  if (field == "null_value") return simple_type(TypeKind::int64);
  if (field == "number_value") return simple_type(TypeKind::float64);
  if (field == "string_value") return simple_type(TypeKind::string);
  if (field == "bool_value") return simple_type(TypeKind::boolean);
  const Type* dyn = simple_type(TypeKind::dyn);
  if (field == "struct_value") return pool.map(simple_type(TypeKind::string), dyn);
  return field == "list_value" ? pool.list(dyn) : nullptr;
}

}  // namespace

const Message* find_message(std::string_view name) {
  for (const Message& message : messages) {
    if (name == message.name) return &message;
  }
  return nullptr;
}

const Type* message_field(const Message& message, std::string_view field, TypePool& pool) {
  const std::string_view name = short_name(message.name);
  if (const Type* wrapped = wrapped_type(name)) return field == "value" ? wrapped : nullptr;
  if (name == "Timestamp" || name == "Duration") return field == "seconds" || field == "nanos" ? simple_type(TypeKind::int64) : nullptr;
  const Type* dyn = simple_type(TypeKind::dyn);
  if (name == "Struct") return field == "fields" ? pool.map(simple_type(TypeKind::string), dyn) : nullptr;
  if (name == "ListValue") return field == "values" ? pool.list(dyn) : nullptr;
  if (name == "Value") return value_field(field, pool);
  if (name == "Any") return field == "type_url" ? simple_type(TypeKind::string) : field == "value" ? simple_type(TypeKind::bytes) : nullptr;
  return nullptr;
}

namespace {

constexpr std::int64_t nano = 1'000'000'000;

// A value as JSON, the only form that fits into Value, Struct and ListValue.
Value as_json(const Value& value) {
  switch (value.kind()) {
    case Kind::int64: return Value::float64(static_cast<double>(value.as_int64()));
    case Kind::uint64: return Value::float64(static_cast<double>(value.as_uint64()));
    case Kind::list: {
      std::vector<Value> items;
      for (std::size_t i = 0; i < value.size(); ++i) {
        items.push_back(as_json(value.at(i)));
        if (items.back().is_error()) return items.back();
      }
      return Value::list(std::move(items));
    }
    case Kind::map: {
      std::vector<MapEntry> entries;
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!value.key_at(i).is(Kind::string)) return Value::error("unsupported key type");
        entries.emplace_back(value.key_at(i), as_json(value.value_at(i)));
        if (entries.back().second.is_error()) return entries.back().second;
      }
      return Value::map(std::move(entries));
    }
    case Kind::timestamp: return Value::string(format_timestamp(value, false));
    case Kind::duration: return Value::string(format_duration(value.as_int64()));
    case Kind::type:
    case Kind::bytes: return Value::error("unsupported type conversion to google.protobuf.Value");
    default: return value;
  }
}

Value wrapped(std::string_view name, const Value* given) {
  if (name == "BoolValue") return given == nullptr ? Value::boolean(false) : *given;
  if (name == "BytesValue") return given == nullptr ? Value::bytes("") : *given;
  if (name == "StringValue") return given == nullptr ? Value::borrowed("") : *given;
  if (name == "DoubleValue") return given == nullptr ? Value::float64(0) : *given;
  if (name == "FloatValue") return Value::float64(given == nullptr ? 0 : static_cast<double>(static_cast<float>(given->as_float64())));
  if (name == "Int64Value") return given == nullptr ? Value::int64(0) : *given;
  if (name == "UInt64Value") return given == nullptr ? Value::uint64(0) : *given;
  if (name == "Int32Value") {
    const std::int64_t value = given == nullptr ? 0 : given->as_int64();
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
      return Value::error(Fault::integer_overflow);
    }
    return Value::int64(value);
  }
  const std::uint64_t value = given == nullptr ? 0 : given->as_uint64();
  return value > std::numeric_limits<std::uint32_t>::max() ? Value::error("unsigned integer overflow") : Value::uint64(value);
}

Value time_message(std::string_view name, std::int64_t seconds, std::int64_t nanos) {
  if (nanos < std::numeric_limits<std::int32_t>::min() || nanos > std::numeric_limits<std::int32_t>::max()) {
    return Value::error(Fault::integer_overflow);
  }
  if (name == "Timestamp") {
    if (seconds < min_seconds || seconds > max_seconds || nanos < 0 || nanos >= nano) return Value::error("timestamp overflow");
    return Value::timestamp(seconds, static_cast<std::uint32_t>(nanos));
  }
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, nano, &total) || __builtin_add_overflow(total, nanos, &total)) {
    return Value::error("duration out of range");
  }
  return Value::duration(total);
}

}  // namespace

Value build_message(std::string_view full_name, std::span<const std::string> fields, std::span<const Value> values) {
  const std::string_view name = short_name(full_name);
  const auto given = [&](std::string_view field) {
    const Value* found = nullptr;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i] == field) found = &values[i];
    }
    return found;
  };
  // A value that was dyn to the checker may turn out to be of another kind.
  TypePool pool;
  const Message* message = find_message(full_name);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Type* type = message_field(*message, fields[i], pool);
    if (type->kind != TypeKind::list && type->kind != TypeKind::map && !fits(type, values[i])) return Value::error(Fault::no_such_overload);
    if (type->kind == TypeKind::list && !values[i].is(Kind::list)) return Value::error(Fault::no_such_overload);
    if (type->kind == TypeKind::map && !values[i].is(Kind::map)) return Value::error(Fault::no_such_overload);
  }
  if (wrapped_type(name) != nullptr) return wrapped(name, given("value"));
  if (name == "Timestamp" || name == "Duration") {
    const Value* seconds = given("seconds");
    const Value* nanos = given("nanos");
    return time_message(name, seconds == nullptr ? 0 : seconds->as_int64(), nanos == nullptr ? 0 : nanos->as_int64());
  }
  if (name == "Struct") return given("fields") == nullptr ? Value::map({}) : as_json(*given("fields"));
  if (name == "ListValue") return given("values") == nullptr ? Value::list({}) : as_json(*given("values"));
  if (name == "Value") {
    if (fields.empty() || fields.back() == "null_value") return Value();
    return as_json(values.back());
  }
  return Value::error("unsupported conversion of " + std::string(full_name));
}

}  // namespace slipway::cel

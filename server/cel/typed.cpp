#include "cel/typed.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cel/number.hpp"
#include "cel/text.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

void text(JsonWriter& writer, std::string_view value) { writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size())); }

void field(JsonWriter& writer, std::string_view name, std::string_view value) {
  writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  text(writer, value);
}

std::string double_text(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return format_shortest(value);
}

void write_map(const Value& map, JsonWriter& writer) {
  std::vector<std::pair<Value, std::size_t>> keys;
  for (std::size_t i = 0; i < map.size(); ++i) keys.emplace_back(map.key_at(i), i);
  std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
    if (a.first.kind() != b.first.kind()) return a.first.kind() < b.first.kind();
    if (a.first.is(Kind::string)) return a.first.text() < b.first.text();
    return compare_numbers(a.first, b.first).value_or(0) < 0;
  });
  writer.StartArray();
  for (const auto& [key, index] : keys) {
    writer.StartArray();
    write_typed(key, writer);
    write_typed(map.value_at(index), writer);
    writer.EndArray();
  }
  writer.EndArray();
}

}  // namespace

void write_typed(const Value& value, JsonWriter& writer) {
  writer.StartObject();
  switch (value.kind()) {
    case Kind::null: field(writer, "t", "null"); break;
    case Kind::boolean:
      field(writer, "t", "bool");
      writer.Key("v");
      writer.Bool(value.as_bool());
      break;
    case Kind::int64:
      field(writer, "t", "int");
      field(writer, "v", std::to_string(value.as_int64()));
      break;
    case Kind::uint64:
      field(writer, "t", "uint");
      field(writer, "v", std::to_string(value.as_uint64()));
      break;
    case Kind::float64:
      field(writer, "t", "double");
      field(writer, "v", double_text(value.as_float64()));
      break;
    case Kind::string:
      field(writer, "t", "string");
      if (is_utf8(value.text())) {
        field(writer, "v", value.text());
      } else {
        field(writer, "b64", encode_base64(value.text()));
      }
      break;
    case Kind::bytes:
      field(writer, "t", "bytes");
      field(writer, "b64", encode_base64(value.text()));
      break;
    case Kind::list:
      field(writer, "t", "list");
      writer.Key("v");
      writer.StartArray();
      for (std::size_t i = 0; i < value.size(); ++i) write_typed(value.at(i), writer);
      writer.EndArray();
      break;
    case Kind::map:
      field(writer, "t", "map");
      writer.Key("v");
      write_map(value, writer);
      break;
    case Kind::timestamp:
      field(writer, "t", "timestamp");
      field(writer, "v", format_timestamp(value, true));
      break;
    case Kind::duration:
      field(writer, "t", "duration");
      field(writer, "v_ns", std::to_string(value.as_int64()));
      break;
    case Kind::type:
      field(writer, "t", "type");
      field(writer, "v", value.text());
      break;
    case Kind::error: field(writer, "t", "error"); break;
  }
  writer.EndObject();
}

namespace {

constexpr std::string_view type_names[] = {"bool", "int", "uint", "double", "string", "bytes", "null", "timestamp", "duration", "type", "dyn"};
constexpr TypeKind type_kinds[] = {TypeKind::boolean, TypeKind::int64, TypeKind::uint64,    TypeKind::float64,  TypeKind::string, TypeKind::bytes,
                                   TypeKind::null,    TypeKind::timestamp, TypeKind::duration, TypeKind::type, TypeKind::dyn};

const rapidjson::Value* member(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

Result<Value> read_list(const rapidjson::Value& items) {
  std::vector<Value> values;
  for (const auto& item : items.GetArray()) {
    Result<Value> value = read_typed(item);
    if (!value) return value;
    values.push_back(std::move(*value));
  }
  return Value::list(std::move(values));
}

Result<Value> read_map(const rapidjson::Value& pairs) {
  std::vector<MapEntry> entries;
  for (const auto& pair : pairs.GetArray()) {
    if (!pair.IsArray() || pair.Size() != 2) return Error("a map is a list of pairs");
    Result<Value> key = read_typed(pair[0]);
    if (!key) return key;
    Result<Value> value = read_typed(pair[1]);
    if (!value) return value;
    entries.emplace_back(std::move(*key), std::move(*value));
  }
  return Value::map(std::move(entries));
}

Result<Value> read_scalar(std::string_view type, std::string_view v) {
  if (type == "int") {
    if (const auto value = parse_int64(v)) return Value::int64(*value);
  } else if (type == "uint") {
    if (const auto value = parse_uint64(v)) return Value::uint64(*value);
  } else if (type == "double") {
    if (const auto value = parse_float64(v)) return Value::float64(*value);
  } else if (type == "string") {
    return Value::string(std::string(v));
  } else if (type == "timestamp") {
    Value value = parse_timestamp(v);
    if (!value.is_error()) return value;
  }
  return Error("'" + std::string(v) + "' is no value of the type " + std::string(type));
}

}  // namespace

Result<Value> read_typed(const rapidjson::Value& typed) {
  const rapidjson::Value* type = member(typed, "t");
  if (type == nullptr || !type->IsString()) return Error("a typed value is an object with \"t\"");
  const std::string_view name = view(*type);
  if (name == "null") return Value();
  if (const rapidjson::Value* encoded = member(typed, "b64"); encoded != nullptr && encoded->IsString()) {
    std::string data;
    if (!decode_base64(view(*encoded), data)) return Error("\"b64\" is no base64");
    return name == "bytes" ? Value::bytes(std::move(data)) : Value::string(std::move(data));
  }
  if (const rapidjson::Value* nanoseconds = member(typed, "v_ns"); nanoseconds != nullptr && nanoseconds->IsString()) {
    if (const auto value = parse_int64(view(*nanoseconds))) return Value::duration(*value);
  }
  const rapidjson::Value* v = member(typed, "v");
  if (v == nullptr) return Error("a typed value has a \"v\"");
  if (name == "bool" && v->IsBool()) return Value::boolean(v->GetBool());
  if (name == "list" && v->IsArray()) return read_list(*v);
  if (name == "map" && v->IsArray()) return read_map(*v);
  if (v->IsString()) return read_scalar(name, view(*v));
  return Error("a typed value that is not understood");
}

const Type* read_type(const rapidjson::Value& named, TypePool& pool) {
  if (named.IsString()) {
    const auto* found = std::find(std::begin(type_names), std::end(type_names), view(named));
    return found == std::end(type_names) ? nullptr : simple_type(type_kinds[found - std::begin(type_names)]);
  }
  if (const rapidjson::Value* element = member(named, "list")) {
    const Type* type = read_type(*element, pool);
    return type == nullptr ? nullptr : pool.list(type);
  }
  if (const rapidjson::Value* pair = member(named, "map"); pair != nullptr && pair->IsArray() && pair->Size() == 2) {
    const Type* key = read_type((*pair)[0], pool);
    const Type* value = read_type((*pair)[1], pool);
    return key == nullptr || value == nullptr ? nullptr : pool.map(key, value);
  }
  return nullptr;
}

const Type* type_of_typed(const rapidjson::Value& typed, TypePool& pool) {
  const Type* dyn = simple_type(TypeKind::dyn);
  const rapidjson::Value* name = member(typed, "t");
  if (name == nullptr) return dyn;
  if (view(*name) == "list") return pool.list(dyn);
  if (view(*name) == "map") return pool.map(dyn, dyn);
  const Type* simple = read_type(*name, pool);
  return simple == nullptr ? dyn : simple;
}

}  // namespace slipway::cel

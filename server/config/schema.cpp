#include "config/schema.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>

#include "config/drafts.hpp"

namespace slipway::config {
namespace {

using Infos = std::vector<std::shared_ptr<const ShapeInfo>>;

/// All reachable shapes, distinct, outer before inner.
void collect(const std::shared_ptr<const ShapeInfo>& info, Infos& found) {
  const auto known = [&](const auto& one) { return one->name == info->name; };
  if (std::any_of(found.begin(), found.end(), known)) return;
  found.push_back(info);
  for (const auto& key : info->keys) {
    if (key.inner) collect(key.inner, found);
  }
}

Infos all_shapes() {
  Infos found;
  collect(root_shape().info(), found);
  return found;
}

using Pretty = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void write_key(Pretty& json, const Key& key) {
  rapidjson::Document schema;
  schema.Parse(key.schema);
  schema.AddMember("description", rapidjson::Value(key.sentence, schema.GetAllocator()), schema.GetAllocator());
  if (!key.default_text.empty()) {
    rapidjson::Document plain(&schema.GetAllocator());
    const bool is_text = !(key.type.starts_with("whole number") || key.type == "true or false") ||
                         plain.Parse(key.default_text).HasParseError();
    if (is_text) plain.SetString(key.default_text, schema.GetAllocator());
    schema.AddMember("default", plain, schema.GetAllocator());
  }
  json.Key(key.name);
  schema.Accept(json);
}

void write_shape(Pretty& json, const ShapeInfo& info) {
  json.Key("description"), json.String(info.sentence);
  json.Key("type"), json.String("object");
  json.Key("additionalProperties"), json.Bool(false);
  json.Key("properties"), json.StartObject();
  for (const auto& key : info.keys) write_key(json, key);
  json.EndObject();
  if (std::none_of(info.keys.begin(), info.keys.end(), [](const Key& key) { return key.required; })) return;
  json.Key("required"), json.StartArray();
  for (const auto& key : info.keys) {
    if (key.required) json.String(key.name);
  }
  json.EndArray();
}

std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

}  // namespace

std::string json_schema() {
  rapidjson::StringBuffer out;
  Pretty json(out);
  json.SetIndent(' ', 2);
  const auto shapes = all_shapes();
  json.StartObject();
  json.Key("$schema"), json.String("http://json-schema.org/draft-07/schema#");
  json.Key("title"), json.String("slipway.yaml");
  write_shape(json, *shapes.front());
  json.Key("definitions"), json.StartObject();
  for (auto info = shapes.begin() + 1; info != shapes.end(); ++info) {
    json.Key((*info)->name), json.StartObject();
    write_shape(json, **info);
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  return std::string(out.GetString(), out.GetSize()) + "\n";
}

std::string reference() {
  std::string page;
  for (const auto& info : all_shapes()) {
    page += fmt::format("### `{}`\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", info->name,
                        info->sentence);
    for (const auto& key : info->keys) {
      const std::string fallback = key.required               ? "**required**"
                                   : key.default_text.empty() ? ""
                                                              : fmt::format("`{}`", key.default_text);
      page += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(key.type), cell(fallback), cell(key.sentence));
    }
    page += "\n";
  }
  return page;
}

}  // namespace slipway::config

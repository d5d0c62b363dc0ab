#include "unit/cel/vectors.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "cel/json.hpp"

namespace slipway::cel::test {

namespace {

const std::string folder = SLIPWAY_SOURCE_DIR "/tests/data/cel/";

rapidjson::Document parse(const std::string& line) {
  auto parsed = parse_json(line);
  if (!parsed) throw std::runtime_error(parsed.error().text());
  return std::move(*parsed);
}

std::string text_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string expression(const rapidjson::Value& record) {
  if (record.HasMember("expr")) return std::string(record["expr"].GetString(), record["expr"].GetStringLength());
  std::string made;
  for (const auto& run : record["expr_runs"].GetArray()) {
    for (unsigned i = 0; i < run[1].GetUint(); ++i) made += run[0].GetString();
  }
  return made;
}

HeaderMap headers(const rapidjson::Value& object) {
  HeaderMap made;
  for (const auto& entry : object.GetObject()) {
    for (const auto& value : entry.value.GetArray()) made[entry.name.GetString()].push_back(value.GetString());
  }
  return made;
}

}  // namespace

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

const Vectors& Vectors::all() {
  static const Vectors vectors;
  return vectors;
}

Vectors::Vectors() {
  for (const std::string& line : read_lines(folder + "bodies.jsonl")) bodies_.push_back(parse(line));
  for (const std::string& line : read_lines(folder + "headers.jsonl")) headers_.push_back(headers(parse(line)));
  for (const std::string& line : read_lines(folder + "vectors.jsonl")) records_.push_back(parse(line));
  for (const rapidjson::Document& record : records_) {
    Vector made;
    made.id = record["id"].GetString();
    made.expr = expression(record);
    made.header = &headers_.at(record["header"].GetUint());
    if (record.HasMember("body")) made.body = &bodies_.at(record["body"].GetUint());
    if (record.HasMember("body_text")) made.body_text.emplace(record["body_text"].GetString(), record["body_text"].GetStringLength());
    if (record.HasMember("extensions")) made.extensions = &record["extensions"];
    if (record.HasMember("requestURL")) made.request_url = record["requestURL"].GetString();
    made.record = &record;
    list_.push_back(std::move(made));
  }
}

const SecretLookup& recorded_secret() {
  static const SecretLookup lookup = [](std::string_view secret, std::string_view key) -> Result<std::string> {
    if (secret == "github-webhook-secret" && key == "webhook-secret") return std::string("s3cr3t-value");
    return Error("not found");
  };
  return lookup;
}

std::string canonical(const rapidjson::Value& typed, bool unordered) {
  if (!typed.IsObject()) return text_of(typed);
  if (typed.HasMember("b64")) return std::string(typed["t"].GetString()) + " " + text_of(typed["b64"]);
  if (!typed.HasMember("v") || !typed["v"].IsArray()) return text_of(typed);
  const bool map = std::string(typed["t"].GetString()) == "map";
  std::vector<std::string> parts;
  for (const auto& item : typed["v"].GetArray()) {
    parts.push_back(map ? canonical(item[0], unordered) + "=" + canonical(item[1], unordered) : canonical(item, unordered));
  }
  if (map || unordered) std::sort(parts.begin(), parts.end());
  std::string made = map ? "{" : "[";
  for (const std::string& part : parts) made += part + ",";
  return made + (map ? "}" : "]");
}

}  // namespace slipway::cel::test

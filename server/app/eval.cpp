#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <fstream>
#include <iostream>

#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "base/failure.hpp"
#include "cel/batch.hpp"

namespace slipway::app {
namespace {

ExitCode batch(const std::string& file) {
  std::ifstream opened;
  if (file != "-") opened = open_file(file);
  std::istream& lines = file == "-" ? std::cin : opened;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    fmt::print("{}\n", cel::evaluate_line(line));
  }
  return ExitCode::done;
}

/// The expression as one line of a batch, so that there is only one way through the evaluator.
std::string question(const Eval& eval) {
  RawDelivery raw;
  if (!eval.headers.empty()) read_headers(read_file(eval.headers), raw);
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  json.Key("id"), json.String("expression");
  json.Key("expr"), json.String(eval.expression);
  json.Key("header"), json.StartObject();
  for (const auto& [name, values] : raw.headers.by_name()) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.StartArray();
    for (const std::string_view value : values) json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    json.EndArray();
  }
  json.EndObject();
  json.Key("body_text"), json.String(eval.body.empty() ? std::string("{}") : read_file(eval.body));
  if (!raw.target.empty()) json.Key("requestURL"), json.String(raw.target);
  json.EndObject();
  return out.GetString();
}

std::string compact(const rapidjson::Value& value) {
  if (value.IsString()) return value.GetString();
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  value.Accept(json);
  return out.GetString();
}

}  // namespace

/// slipway eval EXPR [--body F] [--headers F] | --batch FILE. Exit: 0 true or a value, 1 false, 2 error.
ExitCode run(const Global& global, const Eval& eval) {
  if (!eval.batch.empty()) return batch(eval.batch);
  if (eval.expression.empty()) throw UsageError("eval: give an expression or --batch FILE");
  const std::string answer = cel::evaluate_line(question(eval));
  rapidjson::Document parsed;
  parsed.Parse(answer.c_str());
  const std::string kind = parsed["kind"].GetString();
  if (global.json) fmt::print("{}\n", answer);
  if (kind == "error") {
    if (!global.json) fmt::print(stderr, "slipway: {}\n", parsed.HasMember("error") ? parsed["error"].GetString() : "error");
    return ExitCode::usage;
  }
  const char* shown = parsed.HasMember("value") ? "value" : "typed";
  if (!global.json && parsed.HasMember(shown)) fmt::print("{}\n", compact(parsed[shown]));
  return kind == "bool" && parsed.HasMember("value") && parsed["value"].IsFalse() ? ExitCode::no : ExitCode::done;
}

}  // namespace slipway::app

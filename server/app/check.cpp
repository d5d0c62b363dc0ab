#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "base/failure.hpp"

namespace slipway::app {
namespace {

void print_json(const std::string& file, const std::vector<Error>& errors) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  json.Key("file"), json.String(file);
  json.Key("errors"), json.StartArray();
  for (const auto& error : errors) {
    json.StartObject();
    json.Key("file"), json.String(error.where().file);
    json.Key("line"), json.Int(error.where().line);
    json.Key("column"), json.Int(error.where().column);
    json.Key("what"), json.String(error.what());
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  fmt::print("{}\n", out.GetString());
}

}  // namespace

/// slipway check: every error in the configuration, or one line that says that there is none. A bad configuration is exit 2.
ExitCode run(const Global& global, const Check&) {
  const auto file = config_file(global);
  auto loaded = config::load(file, config::LoadOptions(true));
  const auto* errors = std::get_if<std::vector<Error>>(&loaded);
  if (global.json) print_json(file.string(), errors ? *errors : std::vector<Error>());
  if (errors) {
    if (!global.json) fmt::print(stderr, "{}\n", config::text(*errors));
    return ExitCode::usage;
  }
  const auto& config = std::get<config::Config>(loaded);
  if (!global.json) {
    fmt::print("{}: good: {} triggers, {} templates, {} pipelines\n", file.string(), config.catalogue->triggers().size(),
               config.catalogue->templates().size(), config.catalogue->pipelines().size());
  }
  return ExitCode::done;
}

}  // namespace slipway::app

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "http/json.hpp"

namespace slipway::app {
namespace {

void print_json(const std::string& file, const std::vector<Error>& errors) {
  http::Json json;
  json.out.StartObject();
  json.text("file", file);
  json.out.Key("errors");
  json.out.StartArray();
  for (const auto& error : errors) {
    json.out.StartObject();
    json.text("file", error.where().file);
    json.number("line", error.where().line);
    json.number("column", error.where().column);
    json.text("what", error.what());
    json.out.EndObject();
  }
  json.out.EndArray();
  json.out.EndObject();
  fmt::print("{}\n", json.take());
}

}  // namespace

/// slipway check: prints all errors in the configuration, or one line saying that it is good. Exit 2 if it is bad.
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

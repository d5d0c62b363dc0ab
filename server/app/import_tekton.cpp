#include <fmt/format.h>

#include "app/commands.hpp"
#include "http/json.hpp"
#include "trigger/import_tekton.hpp"

namespace slipway::app {

/// slipway import-tekton DIR…: prints a configuration.
ExitCode run(const Global& global, const ImportTekton& import) {
  const std::vector<std::filesystem::path> folders(import.folders.begin(), import.folders.end());
  const auto text = trigger::import_tekton(folders);
  if (!text) {
    fmt::print(stderr, "slipway: {}\n", text.error().text());
    return ExitCode::no;
  }
  if (global.json) {
    http::Json json;
    json.out.StartObject();
    json.text("configuration", *text);
    json.out.EndObject();
    fmt::print("{}\n", json.take());
  } else {
    fmt::print("{}", *text);
  }
  return ExitCode::done;
}

}  // namespace slipway::app

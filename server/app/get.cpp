#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "base/failure.hpp"
#include "config/show.hpp"

namespace slipway::app {

/// slipway get listener|triggers|templates|pipelines [NAME] [-o yaml]
ExitCode run(const Global& global, const Get& get) {
  const auto config = load_config(global, false);
  const auto format = global.json ? config::ShowFormat::json : get.output == "yaml" ? config::ShowFormat::yaml : config::ShowFormat::table;
  const auto text = config::show(config, get.kind, get.name, format);
  if (!text) throw UsageError(text.error().text());
  fmt::print("{}", *text);
  if (!text->empty() && text->back() != '\n') fmt::print("\n");
  return ExitCode::done;
}

}  // namespace slipway::app

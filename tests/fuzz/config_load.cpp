#include <cstdlib>
#include <string>

#include "config/load.hpp"
#include "config/show.hpp"

/// Any bytes as a configuration: loaded, or refused with at least one error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = load_text(text, "fuzz.yaml", LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<slipway::Error>>(&loaded)) {
    if (errors->empty() || slipway::config::text(*errors).empty()) std::abort();
    return 0;
  }
  for (const char* kind : {"listener", "triggers", "templates", "pipelines"}) {
    if (!show(std::get<Config>(loaded), kind, "", ShowFormat::yaml)) std::abort();
  }
  return 0;
}

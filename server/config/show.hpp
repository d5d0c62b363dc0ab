#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/load.hpp"

namespace slipway::config {

enum class ShowFormat { table, yaml, json };

/// What the configuration means, as loaded, for `slipway get listener|triggers|templates|pipelines [NAME]`. An error
/// for an unknown kind or name, with the nearest one.
Result<std::string> show(const Config& config, std::string_view kind, std::string_view name, ShowFormat format);

}  // namespace slipway::config

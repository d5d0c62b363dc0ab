#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/load.hpp"

namespace slipway::config {

enum class ShowFormat { table, yaml, json };

/// What the loaded configuration means, for `slipway get listener|triggers|templates|pipelines [NAME]`. An error, with
/// the nearest match, for an unknown kind or name.
Result<std::string> show(const Config& config, std::string_view kind, std::string_view name, ShowFormat format);

}  // namespace slipway::config

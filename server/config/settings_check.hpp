#pragma once

#include <yaml-cpp/yaml.h>

#include "config/reader.hpp"
#include "model/settings.hpp"

namespace slipway::config {

/// Checks settings that are valid individually: missing companions and conflicts between them.
void check_settings(const Settings& settings, const YAML::Node& root, Reader& in);

/// Checks for anything that would keep the daemon from starting, or from reading a credential when it needs it.
void check_files(const Settings& settings, const YAML::Node& root, Reader& in);

}  // namespace slipway::config

#pragma once

#include <yaml-cpp/yaml.h>

#include "config/reader.hpp"
#include "model/settings.hpp"

namespace slipway::config {

/// What is wrong with settings that are good one by one: what is missing beside another, and what gets into its way.
void check_settings(const Settings& settings, const YAML::Node& root, Reader& in);

/// What would keep the daemon from starting, or from reading a credential when it needs it.
void check_files(const Settings& settings, const YAML::Node& root, Reader& in);

}  // namespace slipway::config

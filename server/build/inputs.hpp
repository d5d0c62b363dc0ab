#pragma once

#include <string>

#include "build/executor.hpp"

namespace slipway::build {

/// The label that says which build made an image.
inline constexpr const char* inputs_label = "slipway.inputs";
inline constexpr const char* revision_label = "org.opencontainers.image.revision";
inline constexpr const char* source_label = "org.opencontainers.image.source";
inline constexpr const char* created_label = "org.opencontainers.image.created";

/// SHA-256 over what decides how a commit becomes an image, beside the commit itself: template, context, Dockerfile, target,
/// arguments, platforms, environment. Equal commit and equal inputs: the same image.
std::string build_inputs(const BuildOrder& order);

/// The OCI labels of an order's image; `created` is the commit's time, so that the same commit gives the same bytes.
std::vector<std::pair<std::string, std::string>> image_labels(const BuildOrder& order);

}  // namespace slipway::build

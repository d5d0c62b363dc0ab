#pragma once

#include <string>

#include "build/executor.hpp"

namespace slipway::build {

/// The label with build_inputs() of the build that made an image.
inline constexpr const char* inputs_label = "slipway.inputs";
inline constexpr const char* revision_label = "org.opencontainers.image.revision";
inline constexpr const char* source_label = "org.opencontainers.image.source";
inline constexpr const char* created_label = "org.opencontainers.image.created";

/// SHA-256, in hex, of everything besides the commit that determines the image: template, context, Dockerfile, target,
/// arguments, platforms, environment, submodules, LFS. Equal commit and equal inputs mean the same image.
std::string build_inputs(const BuildOrder& order);

/// The OCI labels of an order's image. `created` is the commit's time, so that the same commit gives the same bytes.
std::vector<std::pair<std::string, std::string>> image_labels(const BuildOrder& order);

}  // namespace slipway::build

#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

namespace slipway::config {

/// A scalar that YAML 1.1 and 1.2 both read back as exactly this text: plain if that is safe, else double-quoted.
std::string yaml_scalar(std::string_view text);

/// A JSON document as block-style YAML; empty lists and objects as `[]` and `{}`.
std::string to_yaml(const rapidjson::Value& value);

}  // namespace slipway::config

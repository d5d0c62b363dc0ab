#pragma once

#include <string>

namespace slipway::config {

/// config/schema.json: the JSON Schema (draft 7) of the configuration, for editors; generated from the declared keys.
std::string json_schema();

/// The generated part of config/README.md: every key with its type, default and meaning.
std::string reference();

}  // namespace slipway::config

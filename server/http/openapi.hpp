#pragma once

#include <string_view>

namespace slipway::http {

/// The operator API's description: openapi.yaml, embedded by CMake.
std::string_view openapi_text() noexcept;

}  // namespace slipway::http

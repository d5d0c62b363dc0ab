#pragma once

#include <string_view>

namespace slipway::http {

/// The operator API's description: openapi.yaml beside this file, put into the program by CMake.
std::string_view openapi_text() noexcept;

}  // namespace slipway::http

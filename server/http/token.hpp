#pragma once

#include <filesystem>
#include <string>

namespace slipway::http {

/// The operator API's token: read from its file or, if that does not exist, generated (64 hex digits) and written there with mode
/// 0600. Throws UsageError if neither is possible.
std::string open_token(const std::filesystem::path& file);

}  // namespace slipway::http

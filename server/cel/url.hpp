#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace slipway::cel {

/// A URL as parsed by Go's net/url.Parse: everything but `raw_query` is unescaped.
struct Url {
  std::string scheme, host, path, raw_query, fragment;
  std::optional<std::pair<std::string, std::string>> user;  ///< name and password
  /// The query's parameters in order of first appearance, each with its values; malformed pairs are omitted.
  std::vector<std::pair<std::string, std::vector<std::string>>> query;
};

Result<Url> parse_url(std::string_view text);

}  // namespace slipway::cel

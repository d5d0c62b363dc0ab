#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/request.hpp"

namespace slipway::http {

/// A request to the operator API, with its path and query parsed.
struct Call {
  Call() = default;
  explicit Call(Request& what) : request(&what) {}
  Request* request = nullptr;
  std::vector<std::string> names;            ///< path parts matching the route's `{}`, decoded
  std::map<std::string, std::string> query;  ///< decoded
};

/// The parts of `path` that match the `{}` of `pattern`, decoded; nothing if it does not match.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

/// Parses the query of a target. An error for a broken escape, a name given twice, or one not in `known`, with the nearest suggested.
Result<std::map<std::string, std::string>> parse_query(std::string_view target, std::span<const std::string_view> known);

/// Parses an integer within [low, high]; nothing for anything else.
std::optional<std::int64_t> number_from(std::string_view text, std::int64_t low, std::int64_t high);

}  // namespace slipway::http

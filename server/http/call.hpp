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

/// A request to the operator API, its path and query taken apart.
struct Call {
  Call() = default;
  explicit Call(Request& what) : request(&what) {}
  Request* request = nullptr;
  std::vector<std::string> names;            ///< what stood where the route has `{}`, decoded
  std::map<std::string, std::string> query;  ///< decoded
};

/// The parts of `path` that stand for the `{}` of `pattern`, decoded; nothing where it does not match.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

/// The query of a target. An error for a broken escape, a name given twice, or one that is not among `known`, with the nearest.
Result<std::map<std::string, std::string>> parse_query(std::string_view target, std::span<const std::string_view> known);

/// A whole number within [low, high].
std::optional<std::int64_t> number_from(std::string_view text, std::int64_t low, std::int64_t high);

}  // namespace slipway::http

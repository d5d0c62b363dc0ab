#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::build {

/// An image without a tag: the registry's host (with its port) and the path below it.
struct ImageName {
  ImageName() = default;
  ImageName(std::string registry, std::string path) : host(std::move(registry)), repository(std::move(path)) {}
  std::string host;
  std::string repository;
  std::string text() const { return host + "/" + repository; }
  bool operator==(const ImageName&) const = default;

  /// `name` below `default_host`, unless its first component is a host: contains `.` or `:`, or is `localhost`. An error for what the
  /// distribution specification does not allow (1.1, "Pulling manifests": lower case, digits, `.`, `_`, `-`, `/`), and for a tag
  /// or digest.
  static Result<ImageName> parse(std::string_view name, std::string_view default_host);
};

/// Whether the distribution specification allows this tag.
bool is_tag(std::string_view text) noexcept;

}  // namespace slipway::build

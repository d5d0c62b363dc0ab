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

  /// `name` below `default_host`, or with a host of its own: a first component with a `.` or a `:`, or `localhost`. What the
  /// distribution specification does not allow (1.1, "Pulling manifests": lower case, digits, `.`, `_`, `-`, `/`), and a tag
  /// or digest, is an error.
  static Result<ImageName> parse(std::string_view name, std::string_view default_host);
};

/// True for what the specification allows as a tag.
bool is_tag(std::string_view text) noexcept;

}  // namespace slipway::build

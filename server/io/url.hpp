#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::io {

/// A parsed absolute http or https URL (RFC 3986).
struct Url {
  Url() = default;
  bool tls = false;
  std::string host;         ///< without brackets
  std::uint16_t port = 80;  ///< as given, else 80 or 443
  std::string target = "/"; ///< path and query; never empty
  /// `host`, plus the port unless it is the scheme's default: for the Host header and for comparing destinations.
  std::string authority() const;
};

/// Rejects other schemes, user information (credentials do not belong in a URL), control characters and spaces; drops
/// the fragment. The error never repeats anything before an `@`.
Result<Url> parse_url(std::string_view text);

/// True for a name or an IPv4 address, optionally with a port: how an image name begins and how a registry is named.
bool is_host(std::string_view text) noexcept;

/// `%XX` for everything but unreserved characters, to use a name as one path segment or query value.
std::string percent_encode(std::string_view text);
/// Decodes `%XX` and, with `plus_is_space` (form values), `+`; nullopt for a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace slipway::io

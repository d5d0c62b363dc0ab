#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::io {

/// An absolute http or https address (RFC 3986), taken apart.
struct Url {
  Url() = default;
  bool tls = false;
  std::string host;         ///< without brackets
  std::uint16_t port = 80;  ///< as given, else 80 or 443
  std::string target = "/"; ///< path and query; never empty
  /// `host`, with the port where it is not the scheme's own: for the Host header and for comparing destinations.
  std::string authority() const;
};

/// Refuses other schemes, user information (credentials have no place in an address), control characters and spaces; the
/// fragment is dropped. The error does not repeat what stands before an `@`.
Result<Url> parse_url(std::string_view text);

/// Whether it is a name or an IPv4 address, perhaps with a port: what an image's name begins with and a registry is called.
bool is_host(std::string_view text) noexcept;

/// `%XX` for everything but unreserved characters: a name as one path segment or query value.
std::string percent_encode(std::string_view text);
/// Decodes `%XX` (and, in a form's value, `+`); nothing where an escape is broken.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace slipway::io

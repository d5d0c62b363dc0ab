#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::build {

/// A registry's `WWW-Authenticate` challenge (RFC 9110 section 11.6.1; token servers: distribution-spec, "token").
struct Challenge {
  enum class Scheme { basic, bearer };
  Scheme scheme = Scheme::basic;
  std::string realm, service, scope;
};

/// A header's challenge if that is Basic or Bearer; nothing for another scheme, or if it is malformed.
std::optional<Challenge> parse_challenge(std::string_view header);

/// The text of a registry's error body (`{"errors":[{"code","message"}]}`), made printable; empty if it has none.
std::string registry_words(std::string_view body);

}  // namespace slipway::build

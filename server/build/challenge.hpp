#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::build {

/// What a registry asks for with `WWW-Authenticate` (RFC 9110 section 11.6.1; token servers: distribution-spec, "token").
struct Challenge {
  enum class Scheme { basic, bearer };
  Scheme scheme = Scheme::basic;
  std::string realm, service, scope;
};

/// The first challenge of a header that is Basic or Bearer; nothing where there is none or it is malformed.
std::optional<Challenge> parse_challenge(std::string_view header);

/// The words of a registry's error body (`{"errors":[{"code","message"}]}`), fit for a message; empty where it has none.
std::string registry_words(std::string_view body);

}  // namespace slipway::build

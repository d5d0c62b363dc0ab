#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <string>
#include <string_view>

#include "app/cli.hpp"
#include "config/load.hpp"

namespace slipway::app {

/// An answer of the daemon's operator API.
struct ApiAnswer {
  ApiAnswer() = default;
  int status = 0;
  std::string text;          ///< the body as it came
  rapidjson::Document json;  ///< null where the body is no JSON
};

/// The daemon's operator API, as the commands use it: on the configured address, with the token that it made at its first
/// start. Every call throws Unavailable, saying where it looked, when no daemon answers, and UsageError when the token can not
/// be read or is refused.
class Api {
 public:
  explicit Api(const config::Config& config);
  ApiAnswer get(const std::string& path);
  ApiAnswer post(const std::string& path, const std::string& body = "{}");
  /// The body of a 2xx answer goes to `sink` as it arrives, until it ends or `sink` returns false.
  ApiAnswer stream(const std::string& path, const std::function<bool(std::string_view)>& sink);

 private:
  std::string base_;
  std::string token_;
};

/// The sentence of an API error answer (`{"error": …}`), or its status.
std::string error_of(const ApiAnswer& answer);

/// What a refusal comes to: prints why, and is `no`, where the daemon has or does nothing of the kind; throws UsageError for a
/// question that it did not understand, and Unavailable where it could not answer.
ExitCode refused(const ApiAnswer& answer);

/// The address that a listener is reached at from this machine.
std::string local_address(const Endpoint& listen);

}  // namespace slipway::app

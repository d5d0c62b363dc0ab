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
  std::string text;          ///< the raw body
  rapidjson::Document json;  ///< the parsed body; null if it is not JSON
};

/// A client of the daemon's operator API for the commands: uses the configured address, and the token that the daemon created at its
/// first start. Throws UsageError if the token cannot be read or is refused, Unavailable if it does not exist yet. Every call throws
/// Unavailable, naming the address, if no daemon answers. Blocking.
class Api {
 public:
  explicit Api(const config::Config& config);
  ApiAnswer get(const std::string& path);
  ApiAnswer post(const std::string& path, const std::string& body = "{}");
  /// Passes the body of a 2xx answer to `sink` as it arrives, until it ends or `sink` returns false.
  ApiAnswer stream(const std::string& path, const std::function<bool(std::string_view)>& sink);

 private:
  std::string base_;
  std::string token_;
};

/// The message of an API error answer (`{"error": …}`), or its status.
std::string error_of(const ApiAnswer& answer);

/// Handles an error answer: throws UsageError for 400 and Unavailable for 5xx; for any other, such as not found, prints why
/// and returns `no`.
ExitCode refused(const ApiAnswer& answer);

/// The URL under which a listener is reached from this machine.
std::string local_address(const Endpoint& listen);

}  // namespace slipway::app

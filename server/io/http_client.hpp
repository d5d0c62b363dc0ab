#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/task.hpp"
#include "io/url.hpp"

namespace slipway::io {

struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(std::string verb, Url where) : method(std::move(verb)), url(std::move(where)) {}
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool insecure = false;                               ///< TLS, but whoever answers is believed
  std::chrono::milliseconds limit{std::chrono::seconds(30)};  ///< absolute, name look-up included; of a stream: for each wait
  std::size_t max_body = 16u << 20;                    ///< bytes of the answer's body
};

struct HttpResponse {
  HttpResponse() = default;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool ok() const noexcept { return status >= 200 && status < 300; }
  /// The first value of a header, whatever the case of its name.
  std::optional<std::string> header(std::string_view name) const;
};

/// Gets pieces of a body as they arrive; false ends the exchange.
using BodySink = std::function<bool(std::string_view)>;

/// HTTP/1.1, one connection a request. TLS is verified against the system's authorities unless the request says `insecure`.
/// Redirects are never followed: credentials go where the caller sent them and nowhere else. Every status is an answer;
/// what prevents an answer throws Unavailable with host and cause, never with headers or the query. Used on the loop.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Task<HttpResponse> send(HttpRequest request);
  /// As send(), but the body of a 2xx answer goes to `sink` (and not to the response) for as long as it lasts.
  Task<HttpResponse> stream(HttpRequest request, BodySink sink);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace slipway::io

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
  bool insecure = false;                               ///< TLS without verifying the certificate
  std::chrono::milliseconds limit{std::chrono::seconds(30)};  ///< absolute, including name lookup; for a stream: per wait
  std::size_t max_body = 16u << 20;                    ///< bytes of the response body
};

struct HttpResponse {
  HttpResponse() = default;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool ok() const noexcept { return status >= 200 && status < 300; }
  /// The first value of a header; the name is case-insensitive.
  std::optional<std::string> header(std::string_view name) const;
};

/// Receives pieces of a body as they arrive; returning false ends the exchange.
using BodySink = std::function<bool(std::string_view)>;

/// HTTP/1.1, one connection per request. TLS is verified against the system's CAs unless the request says `insecure`.
/// Redirects are never followed: credentials go only where the caller sent them. Any status counts as a response; if
/// there is none, throws Unavailable with host and cause, never with headers or the query. Used on the loop.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Task<HttpResponse> send(HttpRequest request);
  /// Like send(), but passes the body of a 2xx response to `sink`, for as long as it lasts, instead of storing it.
  Task<HttpResponse> stream(HttpRequest request, BodySink sink);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace slipway::io

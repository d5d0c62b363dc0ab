#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/request.hpp"

namespace slipway::http {

/// The bounds of one listener. Everything that a client may make grow or wait has one.
struct Limits {
  Limits() = default;
  std::size_t header = 16 * 1024;              ///< bytes of request line and headers
  std::uint64_t max_body = 64 * 1024;          ///< bytes of one body
  std::uint64_t max_in_flight = 8u << 20;      ///< bytes of all bodies held at once; beyond it 503
  std::size_t max_connections = 64;            ///< beyond it 503
  bool length_required = false;                ///< a POST without Content-Length is 411, not an empty body
  std::chrono::milliseconds read_timeout{30'000};   ///< for one request, from its first byte: 408
  std::chrono::milliseconds idle_timeout{120'000};  ///< between requests
  std::chrono::milliseconds answer_timeout{0};      ///< then 503 is sent although the answer is not there yet; 0: none
  std::chrono::milliseconds write_timeout{30'000};  ///< for a client that does not read
};

/// What a listener serves. Used on the loop.
class Site {
 public:
  virtual ~Site() = default;
  /// Looks at a request's head, before anything of its body is read. An answer refuses the request.
  virtual std::optional<Answer> refuse(const Request& head) = 0;
  /// Answers a complete request, which it may take apart. What it throws becomes 503 (Unavailable) or 500.
  virtual Task<Answer> answer(Request& request) = 0;
  /// Told of each request that was refused before or instead of answer(), for the log and the figures. `why` is for people;
  /// where it came from outside, that part has been made printable.
  virtual void refused(int status, std::string_view why, std::string_view peer) = 0;
};

}  // namespace slipway::http

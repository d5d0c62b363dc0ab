#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/request.hpp"

namespace slipway::http {

/// The limits of one listener. Everything that a client can make grow or wait is limited.
struct Limits {
  Limits() = default;
  std::size_t header = 16 * 1024;              ///< bytes of request line and headers
  std::uint64_t max_body = 64 * 1024;          ///< bytes of one body
  std::uint64_t max_in_flight = 8u << 20;      ///< bytes of all bodies held at once; beyond that, 503
  std::size_t max_connections = 64;            ///< beyond that, 503
  bool length_required = false;                ///< a POST without Content-Length gets 411, instead of counting as empty
  std::chrono::milliseconds read_timeout{30'000};   ///< for receiving one request, from its first byte; then 408
  std::chrono::milliseconds idle_timeout{120'000};  ///< between requests
  std::chrono::milliseconds answer_timeout{0};      ///< then 503 is sent in place of the answer; 0: no limit
  std::chrono::milliseconds write_timeout{30'000};  ///< for sending each chunk to a client
};

/// What a listener serves. Called on the loop.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Checks a request's head before any of its body is read. Returning an answer refuses the request.
  virtual std::optional<Answer> refuse(const Request& head) = 0;
  /// Answers a complete request, from which it may move. Exceptions become 503 (Unavailable) or 500.
  virtual Task<Answer> answer(Request& request) = 0;
  /// Called for each request that was refused before or instead of answer(), for log and metrics. `why` is for people;
  /// any part of it that came from outside has been made printable.
  virtual void refused(int status, std::string_view why, std::string_view peer) = 0;
};

}  // namespace slipway::http

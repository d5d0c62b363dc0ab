#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/shared_tail.hpp"
#include "io/task.hpp"
#include "model/delivery.hpp"

namespace slipway::http {

/// A request as received. `peer` belongs to the connection and is valid while the request is being answered.
struct Request {
  Request() = default;
  std::string method;
  std::string target;
  Headers headers;  ///< without Host, as in Go's server
  std::string body;
  std::string_view peer;  ///< address and port
  Clock::time_point received;
  std::optional<std::uint64_t> content_length;  ///< as declared
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool can_chunk = true;  ///< the client speaks HTTP/1.1, so a chunked answer is possible

  /// The first value of a header by its canonical name; empty if there is none.
  std::string_view header(std::string_view name) const noexcept { return headers.first(name); }
  /// The target without its query.
  std::string_view path() const noexcept;
};

/// Writes the body of an answer whose length is not known in advance.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Sends a piece. False if the client is gone or does not read: stop writing then.
  virtual Task<bool> write(std::string_view bytes) = 0;
};

/// An HTTP response.
struct Answer {
  Answer() = default;
  Answer(int code, std::string text) : status(code), body(std::move(text)) {}
  int status = 200;
  std::string body;
  SharedTail tail;  ///< follows the body
  std::string why;  ///< reason for a refusal, for the log
  std::string_view content_type = "application/json";  ///< a literal
  std::optional<std::chrono::seconds> retry_after;
  std::string_view allow;  ///< a literal: allowed methods, for a 405
  std::string_view challenge;  ///< a literal: WWW-Authenticate, for a 401
  bool close = false;      ///< close the connection afterwards
  std::function<Task<>(BodyWriter&)> stream;  ///< writes the body, instead of `body` and `tail`
};

/// An error answer: `{"error": why}`.
Answer problem(int status, std::string_view why);
/// A 503 with Retry-After.
Answer unavailable(std::string_view why, std::chrono::seconds retry_after);

/// The reason phrase of a status that this daemon uses.
std::string_view reason_phrase(int status) noexcept;

/// The answer's head, up to and including the empty line.
std::string head_of(const Answer& answer, bool keep_alive, bool can_chunk, Clock::time_point now);

}  // namespace slipway::http

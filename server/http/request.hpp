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

/// A request as it came in. `peer` belongs to the connection and is good while the request is being answered.
struct Request {
  Request() = default;
  std::string method;
  std::string target;
  Headers headers;  ///< without Host, as Go's server has it
  std::string body;
  std::string_view peer;  ///< address and port
  Clock::time_point received;
  std::optional<std::uint64_t> content_length;  ///< as declared
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool can_chunk = true;  ///< HTTP/1.1

  /// The first value of a header by its canonical name; empty where there is none.
  std::string_view header(std::string_view name) const noexcept { return headers.first(name); }
  /// The target without its query.
  std::string_view path() const noexcept;
};

/// Writes the body of an answer whose length is not known beforehand.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Sends a piece; false when the client is gone, or does not read: then nothing more needs to be written.
  virtual Task<bool> write(std::string_view bytes) = 0;
};

/// What is sent back.
struct Answer {
  Answer() = default;
  Answer(int code, std::string text) : status(code), body(std::move(text)) {}
  int status = 200;
  std::string body;
  SharedTail tail;  ///< follows the body
  std::string why;  ///< of a refusal, for the log
  std::string_view content_type = "application/json";  ///< a literal
  std::optional<std::chrono::seconds> retry_after;
  std::string_view allow;  ///< a literal: the methods of a 405
  std::string_view challenge;  ///< a literal: WWW-Authenticate of a 401
  bool close = false;      ///< end the connection afterwards
  std::function<Task<>(BodyWriter&)> stream;  ///< instead of `body` and `tail`
};

/// `{"error": why}`
Answer problem(int status, std::string_view why);
/// A 503 that asks to come again.
Answer unavailable(std::string_view why, std::chrono::seconds retry_after);

/// The reason phrase of a status that this daemon sends.
std::string_view reason_phrase(int status) noexcept;

/// The answer's head, up to and with the empty line.
std::string head_of(const Answer& answer, bool keep_alive, bool can_chunk, Clock::time_point now);

}  // namespace slipway::http

#include "http/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace slipway::http {

namespace {

using boost::system::error_code;
// Initial reservation for a body, in bytes, whatever its declared length: a client cannot claim memory by declaring a length.
constexpr std::uint64_t first_reservation = 64 * 1024;
constexpr std::chrono::seconds busy_retry{5};
constexpr std::chrono::seconds linger_time{2};
// Most clients read the answer only after sending the whole body; so twice the default body limit.
constexpr std::size_t linger_bytes = 64u << 20;

bool may_have_body(const Request& request) { return request.method != "GET" && request.method != "HEAD"; }

// Doubles the space of a full body, so that the memory held is proportional to the bytes received.
bool grow(std::string& body, std::uint64_t length, BodyShare& held) {
  const auto size = std::min(length, std::max<std::uint64_t>(first_reservation, 2 * body.size()));
  if (!held.hold(size)) return false;
  body.resize(size);
  return true;
}

}  // namespace

std::string peer_name(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  const std::string address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", address, endpoint.port());
  return fmt::format("{}:{}", address, endpoint.port());
}

bool BodyShare::hold(std::uint64_t bytes) noexcept {
  if (bytes <= held_) return true;
  if (context_.in_flight + (bytes - held_) > context_.limits.max_in_flight) return false;
  context_.in_flight += bytes - held_;
  held_ = bytes;
  return true;
}

Session::Session(ListenerContext& context, Socket socket)
    : Member(context.deadlines), context_(context), socket_(std::move(socket)), peer_(peer_name(socket_)) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  context_.sessions.insert(this);
}

Session::~Session() { context_.sessions.erase(this); }

Task<> serve(std::shared_ptr<Session> session) {
  bool more = true;  // GCC 12 miscompiles a body that is a loop with the co_await in its condition (server/README.md)
  while (more) more = co_await session->serve_one();
}

Task<> turn_away(std::shared_ptr<Session> session) { co_await session->turn_away(); }

void Session::finish() {
  if (phase_ == Phase::idle && unread_.empty()) socket_.cancel();
}

void Session::enter(Phase phase) {
  phase_ = phase;
  const Limits& limits = context_.limits;
  switch (phase) {
    // A client that connects and sends nothing gets only the read timeout, not the longer one between requests.
    case Phase::idle: expires_after(first_ ? std::min(limits.read_timeout, limits.idle_timeout) : limits.idle_timeout); break;
    case Phase::reading: expires_after(limits.read_timeout); break;
    case Phase::answering:
      if (limits.answer_timeout.count() > 0) {
        expires_after(limits.answer_timeout);
      } else {
        never();
      }
      break;
    case Phase::streaming: never(); break;  // its writes have a limit each
    case Phase::writing: expires_after(limits.write_timeout); break;
    case Phase::lingering: expires_after(linger_time); break;
  }
}

void Session::expired() {
  timed_out_ = true;
  error_code ignored;
  if (phase_ == Phase::answering) {
    // The sender waits 5 s at most, so a timely refusal is better than a late answer. The request may still take effect.
    const Answer late = unavailable("the answer takes too long", busy_retry);
    const std::string text = head_of(late, false, true, Clock::now()) + late.body;
    socket_.write_some(boost::asio::buffer(text), ignored);
    socket_.shutdown(Socket::shutdown_send, ignored);
    context_.handler.refused(503, "the answer takes too long", peer_);
  }
  socket_.cancel(ignored);
}

// Call before suspending: other sessions reuse the receive buffer.
void Session::keep() {
  std::string(unread_).swap(kept_);  // usually empty; then this also frees the old memory
  unread_ = kept_;
}

// Receives more bytes into `unread_`. An ordinary push (8 KiB) arrives all at once.
Task<bool> Session::receive_some() {
  keep();
  error_code error = boost::asio::error::would_block;
  std::size_t count = 0;
  while (error == boost::asio::error::would_block) {
    co_await socket_.async_wait(Socket::wait_read, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) count = socket_.read_some(boost::asio::buffer(context_.receive_buffer), error);
  }
  if (error) co_return false;
  unread_ = std::string_view(context_.receive_buffer.data(), count);
  if (!kept_.empty()) unread_ = kept_.append(unread_);
  co_return true;
}

// Reads the head of the next request; false if the connection is to be closed.
Task<bool> Session::read_head(RequestParser& parser) {
  enter(Phase::idle);
  head_only_ = false;
  bool begun = false;
  for (;;) {
    if (!unread_.empty()) {
      std::size_t consumed = 0;
      const auto progress = parser.parse(unread_, consumed);
      unread_.remove_prefix(consumed);
      if (progress == RequestParser::Progress::done) co_return true;
      if (progress == RequestParser::Progress::bad) {
        co_await refuse_and_close(problem(400, parser.why()));
        co_return false;
      }
      if (!begun) enter(Phase::reading);
      begun = true;
    }
    if (context_.stopping && !begun) co_return false;
    if (co_await receive_some()) continue;
    if (begun && timed_out_) {
      co_await refuse_and_close(problem(408, "the request did not arrive in time"));
    } else if (begun) {
      context_.handler.refused(400, "the connection ended within a request's head", peer_);
    }
    co_return false;
  }
}

// Checks that apply to every listener, after the handler's own.
std::optional<Answer> Session::refuse(const Request& head) const {
  if (auto refusal = context_.handler.refuse(head)) return refusal;
  if (head.chunked) return problem(411, "a request must say its length; chunked bodies are not taken");
  if (!head.content_length && context_.limits.length_required && may_have_body(head)) return problem(411, "a request must say its length");
  if (head.content_length.value_or(0) > context_.limits.max_body) {
    return problem(413, fmt::format("the body is larger than {} bytes", context_.limits.max_body));
  }
  if (!head.header("Expect").empty() && !head.expects_continue) return problem(417, "nothing but 100-continue can be expected");
  return std::nullopt;
}

// Reads the body into the request; false if the connection is to be closed. Any refusal has been sent then.
Task<bool> Session::read_body(Request& request, BodyShare& held) {
  const std::uint64_t length = request.content_length.value_or(0);
  std::string& body = request.body;
  std::size_t filled = std::min<std::uint64_t>(length, unread_.size());
  body.assign(unread_, 0, filled);
  unread_.remove_prefix(filled);
  if (filled < length && phase_ != Phase::reading) enter(Phase::reading);  // else the time limit still runs from the head's first byte
  bool fits = held.hold(filled);
  error_code error;
  while (fits && !error && filled < length) {
    fits = filled < body.size() || grow(body, length, held);
    if (!fits) break;
    const auto space = boost::asio::buffer(body.data() + filled, body.size() - filled);
    filled += co_await socket_.async_read_some(space, boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
  if (fits && !error) co_return true;
  if (!fits) {
    co_await refuse_and_close(unavailable("too many bodies are being received at once", busy_retry));
  } else if (timed_out_) {
    co_await refuse_and_close(problem(408, "the request did not arrive in time"));
  } else {
    co_await refuse_and_close(problem(400, "the body ended before its Content-Length"));
  }
  co_return false;
}

Task<bool> Session::serve_one() {
  RequestParser parser(context_.limits.header);
  if (!co_await read_head(parser)) co_return false;
  first_ = false;
  Request request = parser.take();
  request.peer = peer_;
  request.received = Clock::now();
  head_only_ = request.method == "HEAD";
  if (auto refusal = refuse(request)) {
    co_await refuse_and_close(std::move(*refusal));
    co_return false;
  }
  if (request.expects_continue && unread_.empty() && !co_await send_all("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
  BodyShare held(context_);
  if (!co_await read_body(request, held)) co_return false;
  keep();
  const Answer answer = co_await dispatch(request);
  co_return co_await send(answer, request);
}

// No exception of a handler ends the connection without an answer.
Task<Answer> Session::dispatch(Request& request) {
  enter(Phase::answering);
  Answer failure;
  try {
    co_return co_await context_.handler.answer(request);
  } catch (const Unavailable& accident) {
    context_.handler.refused(503, accident.what(), peer_);
    failure = unavailable(accident.what(), busy_retry);
  } catch (const boost::system::system_error& accident) {
    if (accident.code() == boost::asio::error::operation_aborted) throw;
    failure = bug(accident);
  } catch (const std::exception& accident) {
    failure = bug(accident);
  }
  co_return failure;
}

Answer Session::bug(const std::exception& accident) const {
  context_.log.error("a request failed", {{"error", accident.what()}, {"peer", peer_}});
  context_.handler.refused(500, "an error in slipway", peer_);
  return problem(500, "an error in slipway; its log says more");
}

// Sends the answer; true if the connection stays open.
Task<bool> Session::send(const Answer& answer, const Request& request) {
  if (timed_out_) co_return false;  // expired() has answered already
  const bool keep_alive = request.keep_alive && !answer.close && !context_.stopping && (!answer.stream || request.can_chunk);
  const bool sent = co_await send_whole(answer, keep_alive, request.can_chunk);
  if (!sent) co_return false;
  if (!answer.stream || head_only_) co_return keep_alive;
  chunked_ = request.can_chunk;
  enter(Phase::streaming);
  co_await answer.stream(*this);
  const bool ended = !chunked_ || co_await send_all("0\r\n\r\n");
  co_return keep_alive && ended;
}

Task<bool> Session::write(std::string_view bytes) {
  if (bytes.empty()) co_return true;
  const std::string size = chunked_ ? fmt::format("{:x}\r\n", bytes.size()) : std::string();
  const std::string_view end = chunked_ ? "\r\n" : "";
  const bool sent = co_await send_all(size, bytes, end);
  enter(Phase::streaming);
  co_return sent;
}

Task<bool> Session::send_whole(const Answer& answer, bool keep_alive, bool can_chunk) {
  const std::string head = head_of(answer, keep_alive, can_chunk, Clock::now());
  std::string_view body, tail;
  if (!head_only_ && !answer.stream) {
    body = answer.body;
    tail = answer.tail.view();
  }
  co_return co_await send_all(head, body, tail);
}

// Sends up to three texts in sequence, without concatenating them.
Task<bool> Session::send_all(std::string_view bytes, std::string_view more, std::string_view last) {
  const std::array<std::string_view, 3> parts{bytes, more, last};
  const std::array<boost::asio::const_buffer, 3> buffers{boost::asio::buffer(bytes), boost::asio::buffer(more), boost::asio::buffer(last)};
  error_code error;
  std::size_t sent = socket_.write_some(buffers, error);  // nearly always everything, since the socket's buffer is empty
  bool good = !error || error == boost::asio::error::would_block;
  for (std::size_t i = 0; good && i < parts.size(); ++i) {
    const std::size_t gone = std::min(sent, parts[i].size());
    sent -= gone;
    if (gone < parts[i].size()) good = co_await send_slowly(parts[i].substr(gone));
  }
  co_return good;
}

// The write timeout restarts with each chunk: slow clients are served, stalled ones dropped.
Task<bool> Session::send_slowly(std::string_view bytes) {
  error_code error;
  while (!bytes.empty()) {
    enter(Phase::writing);
    const auto rest = boost::asio::buffer(bytes);
    const std::size_t sent = co_await socket_.async_write_some(rest, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return false;
    bytes.remove_prefix(sent);
  }
  co_return true;
}

Task<> Session::turn_away() { co_await refuse_and_close(unavailable("too many connections", busy_retry)); }

// Closes the connection, because the rest of the request is not read.
Task<> Session::refuse_and_close(Answer answer) {
  context_.handler.refused(answer.status, answer.why, peer_);
  unread_ = {};
  const bool sent = co_await send_whole(answer, false, true);
  if (sent) co_await linger();
}

// Closing a connection with unread bytes resets it, and the client may lose the answer; so read and discard some first.
Task<> Session::linger() {
  enter(Phase::lingering);
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  for (std::size_t total = 0; total < linger_bytes; total += unread_.size()) {
    unread_ = {};
    if (!co_await receive_some()) co_return;
  }
}

}  // namespace slipway::http

#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <set>
#include <string>

#include "base/log.hpp"
#include "http/deadlines.hpp"
#include "http/request_parser.hpp"
#include "http/handler.hpp"

namespace slipway::http {

using Socket = boost::asio::ip::tcp::socket;

class Session;

/// State shared by the sessions of one listener. Outlives them.
struct ListenerContext {
  ListenerContext(RequestHandler& what, Limits bounds, Log where, const boost::asio::any_io_executor& executor, Deadlines::Steady::duration precision)
      : handler(what), limits(bounds), log(std::move(where)), deadlines(executor, precision) {}
  RequestHandler& handler;
  Limits limits;
  Log log;
  Deadlines deadlines;
  std::set<Session*> sessions;  ///< all existing ones
  /// Receive buffer shared by all sessions; its contents are valid only until the session suspends. One buffer stays cache-hot.
  std::array<char, 32 * 1024> receive_buffer;
  std::uint64_t in_flight = 0;  ///< bytes of bodies held by all sessions
  bool stopping = false;        ///< connections end after the current request
};

/// One body's share of Limits::max_in_flight; released on destruction.
class BodyShare {
 public:
  explicit BodyShare(ListenerContext& context) : context_(context) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { context_.in_flight -= held_; }
  /// Raises the share to `bytes`; false if that would exceed the limit.
  bool hold(std::uint64_t bytes) noexcept;

 private:
  ListenerContext& context_;
  std::uint64_t held_ = 0;
};

/// One connection: reads requests and has them answered, one at a time.
class Session final : public BodyWriter, private Deadlines::Member {
 public:
  Session(ListenerContext& context, Socket socket);
  ~Session() override;

  /// Reads the next request and answers it; false if the connection is to be closed.
  Task<bool> serve_one();
  /// Answers 503 without reading a request, for a connection over the limit.
  Task<> turn_away();
  /// Ends it now if it is between two requests. Otherwise ListenerContext::stopping ends it after the current one.
  void finish();

 private:
  enum class Phase { idle, reading, answering, writing, streaming, lingering };

  Task<bool> read_head(RequestParser& parser);
  Task<bool> read_body(Request& request, BodyShare& held);
  Task<Answer> dispatch(Request& request);
  Answer bug(const std::exception& accident) const;
  std::optional<Answer> refuse(const Request& head) const;
  Task<bool> send(const Answer& answer, const Request& request);
  Task<> refuse_and_close(Answer answer);
  Task<> linger();
  Task<bool> receive_some();
  Task<bool> send_whole(const Answer& answer, bool keep_alive, bool can_chunk);
  Task<bool> send_all(std::string_view bytes, std::string_view more = {}, std::string_view last = {});
  Task<bool> send_slowly(std::string_view bytes);
  Task<bool> write(std::string_view bytes) override;
  void enter(Phase phase);
  void expired() override;
  void keep();

  ListenerContext& context_;
  Socket socket_;
  std::string peer_;
  std::string_view unread_;  ///< received but not consumed; points into `kept_` or, until this suspends, into ListenerContext::receive_buffer
  std::string kept_;
  Phase phase_ = Phase::idle;
  bool timed_out_ = false;
  bool first_ = true;
  bool head_only_ = false;  ///< HEAD request: the answer has no body
  bool chunked_ = false;
};

/// Serves a connection until either side ends it.
Task<> serve(std::shared_ptr<Session> session);
/// Answers 503 on a connection over the limit, and ends it.
Task<> turn_away(std::shared_ptr<Session> session);

/// `address:port`, for the log.
std::string peer_name(const Socket& socket);

}  // namespace slipway::http

#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "base/log.hpp"
#include "http/session.hpp"
#include "io/task_group.hpp"
#include "model/settings.hpp"

namespace slipway::http {

/// A listener: its address, its connections, and the handler they are served. Used on the loop.
class Server {
 public:
  /// Binds and listens. Throws UsageError if the address cannot be used, Unavailable if it is taken.
  Server(const boost::asio::any_io_executor& executor, const Endpoint& listen, const Limits& limits, RequestHandler& handler, Log log);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts accepting.
  void start();
  /// The actual port, if 0 was configured.
  std::uint16_t port() const { return address_.port; }
  /// The address it listens on, with the actual port.
  const Endpoint& address() const noexcept { return address_; }
  std::size_t connections() const noexcept { return context_.sessions.size(); }
  std::uint64_t bytes_in_flight() const noexcept { return context_.in_flight; }

  /// Accepts no more connections, waits up to `patience` for requests being received or answered, then ends the
  /// rest. The server may be destroyed afterwards.
  Task<> stop(std::chrono::milliseconds patience);

 private:
  Task<> accept();
  void admit(Socket socket);

  ListenerContext context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Endpoint address_;
  io::TaskGroup tasks_;
  io::TaskGroup turned_away_;  ///< connections over the limit, until they are told so
  bool warned_ = false;  ///< "too many connections" has been logged
};

}  // namespace slipway::http

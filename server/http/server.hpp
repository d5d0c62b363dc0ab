#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "base/log.hpp"
#include "http/session.hpp"
#include "io/task_group.hpp"
#include "model/settings.hpp"

namespace slipway::http {

/// A listening address, its connections and the site that they are served. Used on the loop.
class Server {
 public:
  /// Binds and listens. Throws UsageError when the address can not be used, Unavailable when it is taken.
  Server(const boost::asio::any_io_executor& executor, const Endpoint& listen, const Limits& limits, Site& site, Log log);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts accepting.
  void start();
  /// The port, also where a free one was asked for.
  std::uint16_t port() const { return address_.port; }
  /// Where it listens, with that port.
  const Endpoint& address() const noexcept { return address_; }
  std::size_t connections() const noexcept { return hall_.sessions.size(); }
  std::uint64_t bytes_in_flight() const noexcept { return hall_.in_flight; }

  /// Takes no more connections, lets what is being received or answered come to its end for at most `patience`, and ends the
  /// rest. The server may be destroyed afterwards.
  Task<> stop(std::chrono::milliseconds patience);

 private:
  Task<> accept();
  void admit(Socket socket);

  Hall hall_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Endpoint address_;
  io::TaskGroup tasks_;
  io::TaskGroup turned_away_;  ///< connections too many, until they have heard so
  bool warned_ = false;  ///< that there are too many connections
};

}  // namespace slipway::http

#include "http/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/failure.hpp"
#include "io/time.hpp"

namespace slipway::http {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

Deadlines::Steady::duration precision_of(const Limits& limits) {
  auto shortest = std::min({limits.read_timeout, limits.idle_timeout, limits.write_timeout});
  if (limits.answer_timeout.count() > 0) shortest = std::min(shortest, limits.answer_timeout);
  return std::clamp<std::chrono::milliseconds>(shortest / 8, std::chrono::milliseconds(1), std::chrono::milliseconds(500));
}

void listen_on(tcp::acceptor& acceptor, const Endpoint& listen) {
  error_code error;
  const auto address = boost::asio::ip::make_address(listen.host == "localhost" ? "127.0.0.1" : listen.host, error);
  if (error) throw UsageError(fmt::format("listen address {}: {} is no IP address", listen.text(), listen.host));
  const tcp::endpoint endpoint(address, listen.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error == boost::asio::error::address_in_use) throw Unavailable(fmt::format("{} is in use by another program", listen.text()));
  if (error) throw UsageError(fmt::format("cannot listen on {}: {}", listen.text(), error.message()));
}

}  // namespace

Server::Server(const boost::asio::any_io_executor& executor, const Endpoint& listen, const Limits& limits, RequestHandler& handler, Log log)
    : context_(handler, limits, log, executor, precision_of(limits)), acceptor_(executor), address_(listen), tasks_(executor, log), turned_away_(executor, log) {
  listen_on(acceptor_, listen);
  address_.port = acceptor_.local_endpoint().port();
}

void Server::start() { tasks_.spawn("accept", accept()); }

Task<> Server::accept() {
  constexpr std::chrono::milliseconds breath{100};
  io::SystemTime time;
  while (acceptor_.is_open()) {
    error_code error;
    Socket socket = co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) {
      admit(std::move(socket));
    } else if (error != boost::asio::error::operation_aborted && error != boost::asio::error::connection_aborted) {
      // Out of descriptors or memory: existing connections continue, new ones wait in the kernel's backlog.
      context_.log.error("cannot accept a connection", {{"error", error.message()}});
      co_await time.sleep_for(breath);
    }
  }
}

void Server::admit(Socket socket) {
  constexpr std::size_t most_turned_away = 256;
  if (context_.sessions.size() < context_.limits.max_connections + turned_away_.size()) {
    warned_ = false;
    tasks_.spawn("session", serve(std::make_shared<Session>(context_, std::move(socket))));
    return;
  }
  if (!warned_) context_.log.warn("too many connections", {{"limit", context_.limits.max_connections}});
  warned_ = true;
  // Beyond this limit the connection is closed without an answer.
  if (turned_away_.size() >= most_turned_away) return context_.handler.refused(503, "too many connections", peer_name(socket));
  turned_away_.spawn("session turned away", turn_away(std::make_shared<Session>(context_, std::move(socket))));
}

Task<> Server::stop(std::chrono::milliseconds patience) {
  error_code ignored;
  acceptor_.close(ignored);
  context_.stopping = true;
  for (Session* session : context_.sessions) session->finish();
  if (patience.count() > 0) co_await tasks_.join(patience);
  for (auto* group : {&tasks_, &turned_away_}) group->stop();
  co_await tasks_.wait_until_empty();
  co_await turned_away_.wait_until_empty();
}

}  // namespace slipway::http

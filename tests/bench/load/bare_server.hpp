#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <string>

#include "base/hex.hpp"
#include "base/hmac.hpp"

namespace slipway::bench {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// The peer: a server as Beast's own examples write it, that reads the body, computes its HMAC, compares and answers. It knows
/// neither JSON nor a disk, and has no limits and no deadlines.
inline asio::awaitable<void> serve_bare_connection(tcp::socket socket, std::shared_ptr<HmacSha256> hmac) {
  boost::system::error_code error;
  socket.set_option(tcp::no_delay(true), error);
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const bool valid = equal_in_constant_time(to_hex(hmac->sign(request.body())), std::string(request["X-Gitea-Signature"]));
    http::response<http::string_body> response(valid ? http::status::ok : http::status::unauthorized, 11);
    response.set(http::field::content_type, "application/json");
    response.body() = valid ? "{\"runs\":[]}" : "{\"error\":\"signature\"}";
    response.prepare_payload();
    co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

inline asio::awaitable<void> serve_bare(tcp::acceptor acceptor, std::shared_ptr<HmacSha256> hmac) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    auto ended = [](const std::exception_ptr&) {};
    asio::co_spawn(acceptor.get_executor(), serve_bare_connection(std::move(socket), hmac), ended);
  }
}

}  // namespace slipway::bench

#include "io/http_client.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/system_error.hpp>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace slipway::io {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
constexpr std::size_t largest_header = 64 * 1024;
constexpr std::size_t read_size = 16 * 1024;

std::string words(const error_code& error) {
  if (error == beast::error::timeout) return "no answer in time";
  if (error == http::error::end_of_stream) return "the connection was closed before an answer";
  if (error == http::error::body_limit) return "the answer is too large";
  return error.message();
}

/// A line break in a header value or a target would smuggle in another header or request.
bool is_one_line(std::string_view text) noexcept { return text.find_first_of("\r\n") == std::string_view::npos; }

std::string wire_text(const HttpRequest& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: slipway/" SLIPWAY_VERSION "\r\nConnection: close\r\n",
                                 request.method, request.url.target, request.url.authority());
  bool sound = is_one_line(request.url.target);
  for (const auto& [name, value] : request.headers) {
    sound = sound && is_one_line(name) && is_one_line(value);
    text += fmt::format("{}: {}\r\n", name, value);
  }
  if (!sound) throw Refused(fmt::format("{}: a header of the request would hold a line's end", request.url.authority()));
  const bool has_body = !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
  if (has_body) text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

// One exchange: its request, where the body goes, and how failures are reported.
struct Exchange {
  Exchange(HttpRequest what, BodySink where) : request(std::move(what)), sink(std::move(where)) {}
  HttpRequest request;
  std::string text = wire_text(request);
  BodySink sink;  ///< empty: the body is kept in the response
  Steady::time_point deadline = Steady::now() + request.limit;

  [[noreturn]] void fail(std::string_view step, const error_code& error) const {
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);  // the task was cancelled
    throw Unavailable(fmt::format("{}: {}: {}", request.url.authority(), step, words(error)));
  }
  void check(std::string_view step, const error_code& error) const {
    if (error) fail(step, error);
  }
};

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  error_code error = asio::error::timed_out;
  tcp::resolver::results_type addresses;
};

// getaddrinfo can neither be cancelled nor given a limit: if the deadline comes first, it is left to finish on its own.
Task<tcp::resolver::results_type> resolve(const Exchange& exchange) {
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->done.expires_at(exchange.deadline);
  lookup->resolver.async_resolve(exchange.request.url.host, std::to_string(exchange.request.url.port),
                                 [lookup](error_code error, tcp::resolver::results_type addresses) {
                                   lookup->error = error;
                                   lookup->addresses = std::move(addresses);
                                   lookup->done.cancel();
                                 });
  error_code woken;
  co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const bool cancelled = woken && lookup->error == asio::error::timed_out;
  if (cancelled) exchange.fail("looking up the host", woken);
  exchange.check("looking up the host", lookup->error);
  co_return lookup->addresses;
}

Task<> connect(const Exchange& exchange, PlainStream& stream) {
  const auto addresses = co_await resolve(exchange);
  error_code error;
  stream.expires_at(exchange.deadline);
  co_await stream.async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
  exchange.check("connecting", error);
  stream.socket().set_option(tcp::no_delay(true), error);
}

/// Bytes to and from the server, plain or TLS. Virtual so that the HTTP code is compiled once, not per stream type.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Task<std::size_t> read(asio::mutable_buffer into, error_code& error) = 0;
  virtual Task<> write(asio::const_buffer bytes, error_code& error) = 0;
  virtual PlainStream& transport() noexcept = 0;
};

template <class Stream>
class ConnectionOver final : public Connection {
 public:
  explicit ConnectionOver(Stream& stream) : stream_(stream) {}
  Task<std::size_t> read(asio::mutable_buffer into, error_code& error) override {
    co_return co_await stream_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }
  Task<> write(asio::const_buffer bytes, error_code& error) override {
    co_await asio::async_write(stream_, bytes, asio::redirect_error(asio::use_awaitable, error));
  }
  PlainStream& transport() noexcept override { return beast::get_lowest_layer(stream_); }

 private:
  Stream& stream_;
};

/// The response being received.
struct Incoming {
  Incoming() {
    parser.header_limit(largest_header);
    parser.body_limit(boost::none);  // read_body enforces the limit
  }
  http::response_parser<http::buffer_body> parser;
  beast::flat_buffer buffer;
};

/// One parsing step: on bytes already buffered, otherwise after reading more.
Task<> advance(const Exchange& exchange, Connection& connection, Incoming& incoming) {
  error_code error;
  if (incoming.buffer.size() > 0) {
    incoming.buffer.consume(incoming.parser.put(incoming.buffer.data(), error));
    if (!error || error == http::error::need_buffer) co_return;
    if (error != http::error::need_more) exchange.fail("reading the answer", error);
    error = error_code();
  }
  const auto room = incoming.buffer.prepare(read_size);
  const std::size_t size = co_await connection.read(room, error);
  incoming.buffer.commit(size);
  if (error == asio::error::eof) {
    error = incoming.parser.got_some() ? error_code() : http::error::end_of_stream;
    if (!error) incoming.parser.put_eof(error);
  }
  exchange.check("reading the answer", error);
}

Task<> read_header(const Exchange& exchange, Connection& connection, Incoming& incoming, HttpResponse& response) {
  while (!incoming.parser.is_header_done()) {
    co_await advance(exchange, connection, incoming);
  }
  const auto& header = incoming.parser.get();
  response.status = static_cast<int>(header.result_int());
  for (const auto& field : header) response.headers.emplace_back(field.name_string(), field.value());
}

// Reads the body piece by piece, so that a sink sees it as it arrives.
Task<> read_body(const Exchange& exchange, Connection& connection, Incoming& incoming, HttpResponse& response) {
  const bool streams = exchange.sink && response.ok();
  std::vector<char> piece(read_size);
  auto& body = incoming.parser.get().body();
  while (!incoming.parser.is_done()) {
    body.data = piece.data();
    body.size = piece.size();
    if (streams) connection.transport().expires_after(exchange.request.limit);
    co_await advance(exchange, connection, incoming);
    const std::string_view bytes(piece.data(), piece.size() - body.size);
    if (streams) {
      if (!bytes.empty() && !exchange.sink(bytes)) co_return;
    } else if (response.body.size() + bytes.size() > exchange.request.max_body) {
      exchange.fail("reading the answer", http::error::body_limit);
    } else {
      response.body += bytes;
    }
  }
}

Task<HttpResponse> talk(const Exchange& exchange, Connection& connection) {
  const auto bytes = asio::buffer(exchange.text);
  error_code error;
  co_await connection.write(bytes, error);
  exchange.check("sending the request", error);
  Incoming incoming;
  if (exchange.request.method == "HEAD") incoming.parser.skip(true);
  HttpResponse response;
  co_await read_header(exchange, connection, incoming, response);
  co_await read_body(exchange, connection, incoming, response);
  co_return response;
}

Task<HttpResponse> talk_tls(const Exchange& exchange, asio::ssl::context& context) {
  TlsStream stream(co_await asio::this_coro::executor, context);
  const std::string& host = exchange.request.url.host;
  SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  if (!exchange.request.insecure) stream.set_verify_callback(asio::ssl::host_name_verification(host));
  co_await connect(exchange, beast::get_lowest_layer(stream));
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  exchange.check("TLS", error);
  ConnectionOver<TlsStream> connection(stream);
  co_return co_await talk(exchange, connection);  // closed without close_notify: the response is self-delimiting
}

Task<HttpResponse> talk_plain(const Exchange& exchange) {
  PlainStream stream(co_await asio::this_coro::executor);
  co_await connect(exchange, stream);
  ConnectionOver<PlainStream> connection(stream);
  co_return co_await talk(exchange, connection);
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (equal_ignoring_case(field, name)) return value;
  }
  return std::nullopt;
}

// Created when TLS is first needed: loading the system's CA certificates takes 20 ms and megabytes, which plain HTTP
// should not pay for.
struct HttpClient::Contexts {
  asio::ssl::context& get(bool insecure) {
    auto& context = insecure ? unverified : verified;
    if (context) return *context;
    context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    context->set_verify_mode(insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
    if (!insecure) context->set_default_verify_paths();
    return *context;
  }
  std::unique_ptr<asio::ssl::context> verified, unverified;
};

HttpClient::HttpClient() : contexts_(std::make_unique<Contexts>()) {}
HttpClient::~HttpClient() = default;

Task<HttpResponse> HttpClient::send(HttpRequest request) { return stream(std::move(request), BodySink()); }

Task<HttpResponse> HttpClient::stream(HttpRequest request, BodySink sink) {
  Exchange exchange(std::move(request), std::move(sink));
  if (exchange.request.url.tls) {
    auto& context = contexts_->get(exchange.request.insecure);
    co_return co_await talk_tls(exchange, context);
  }
  co_return co_await talk_plain(exchange);
}

}  // namespace slipway::io

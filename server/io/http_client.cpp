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
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/system_error.hpp>

#include "base/failure.hpp"

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

std::string words(const error_code& error) {
  if (error == beast::error::timeout) return "no answer in time";
  if (error == http::error::end_of_stream) return "the connection was closed before an answer";
  if (error == http::error::body_limit) return "the answer is too large";
  return error.message();
}

// One exchange: where it goes, and how it tells what went wrong.
struct Exchange {
  Exchange(HttpRequest what, BodySink where) : request(std::move(what)), sink(std::move(where)) {}
  HttpRequest request;
  BodySink sink;  ///< empty: the body is kept
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

// getaddrinfo can neither be cancelled nor given a limit: when the deadline comes first, it is left to end by itself.
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

http::request<http::string_body> to_beast(const HttpRequest& request) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.url.target);
  message.version(11);
  message.set(http::field::host, request.url.authority());
  message.set(http::field::user_agent, "slipway/" SLIPWAY_VERSION);
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  const bool has_body = !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
  if (has_body) message.content_length(request.body.size());
  return message;
}

template <class Header>
void take_header(const Header& header, HttpResponse& response) {
  response.status = static_cast<int>(header.result_int());
  for (const auto& field : header) response.headers.emplace_back(field.name_string(), field.value());
}

// Reads the body piece by piece, so that a sink sees it as it comes.
template <class Stream>
Task<> read_body(Exchange& exchange, Stream& stream, beast::flat_buffer& buffer, http::response_parser<http::buffer_body>& parser,
                 HttpResponse& response) {
  const bool streams = exchange.sink && response.ok();
  std::vector<char> piece(16 * 1024);
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    if (streams) beast::get_lowest_layer(stream).expires_after(exchange.request.limit);
    error_code error;
    co_await http::async_read_some(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = error_code();
    exchange.check("reading the answer", error);
    const std::string_view bytes(piece.data(), piece.size() - parser.get().body().size);
    if (streams) {
      if (!bytes.empty() && !exchange.sink(bytes)) co_return;
    } else if (response.body.size() + bytes.size() > exchange.request.max_body) {
      exchange.fail("reading the answer", http::error::body_limit);
    } else {
      response.body += bytes;
    }
  }
}

template <class Stream>
Task<HttpResponse> talk(Exchange& exchange, Stream& stream) {
  auto message = to_beast(exchange.request);
  error_code error;
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  exchange.check("sending the request", error);
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(largest_header);
  parser.body_limit(boost::none);  // counted in read_body
  if (exchange.request.method == "HEAD") parser.skip(true);
  co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  exchange.check("reading the answer", error);
  HttpResponse response;
  take_header(parser.get(), response);
  co_await read_body(exchange, stream, buffer, parser, response);
  co_return response;
}

Task<HttpResponse> talk_tls(Exchange& exchange, asio::ssl::context& context) {
  TlsStream stream(co_await asio::this_coro::executor, context);
  const std::string& host = exchange.request.url.host;
  SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  if (!exchange.request.insecure) stream.set_verify_callback(asio::ssl::host_name_verification(host));
  co_await connect(exchange, beast::get_lowest_layer(stream));
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  exchange.check("TLS", error);
  co_return co_await talk(exchange, stream);  // closed without close_notify: the answer has told its own length
}

Task<HttpResponse> talk_plain(Exchange& exchange) {
  PlainStream stream(co_await asio::this_coro::executor);
  co_await connect(exchange, stream);
  co_return co_await talk(exchange, stream);
}

bool same_name(std::string_view a, std::string_view b) {
  return beast::iequals(beast::string_view(a.data(), a.size()), beast::string_view(b.data(), b.size()));
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (same_name(field, name)) return value;
  }
  return std::nullopt;
}

// Made when TLS is first needed: reading the system's authorities takes 20 ms and megabytes, which plain HTTP should not pay.
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

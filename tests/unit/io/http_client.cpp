#include "io/http_client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "support/run_coroutine.hpp"
#include "support/tiny_server.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::TinyServer;
using test::Wire;

namespace {

io::HttpRequest request_to(const std::string& url, const std::string& method = "GET") {
  auto parsed = io::parse_url(url);
  REQUIRE(parsed);
  io::HttpRequest request(method, *parsed);
  request.limit = 10s;
  return request;
}

io::HttpResponse send(io::HttpRequest request) {
  io::HttpClient client;
  asio::io_context loop(1);
  return test::run_coroutine(loop, client.send(std::move(request)));
}

std::function<void(Wire&)> answer(const std::string& bytes) {
  return [bytes](Wire& wire) {
    wire.read_request();
    wire.send(bytes);
  };
}

}  // namespace

TEST_CASE("a request arrives as it was made, and the answer as it was sent") {
  std::string seen;
  io::HttpResponse response;
  {
    const TinyServer server([&](Wire& wire) {
      seen = wire.read_request();
      wire.send("HTTP/1.1 201 Created\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello");
    });
    auto request = request_to(server.url("/a/b?c=d"), "PUT");
    request.headers.emplace_back("Authorization", "Bearer x");
    request.body = "";
    response = send(request);
  }
  CHECK_THAT(seen, Catch::StartsWith("PUT /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:") && Catch::Contains("\r\nAuthorization: Bearer x\r\n") &&
                       Catch::Contains("\r\nContent-Length: 0\r\n") && Catch::Contains("\r\nUser-Agent: slipway/"));
  CHECK(response.status == 201);
  CHECK(response.ok());
  CHECK(response.body == "hello");
  CHECK(response.header("X-ONE") == "1");
  CHECK_FALSE(response.header("X-Two"));
}

TEST_CASE("bodies in chunks, without a length, or without anything") {
  const std::pair<const char*, const char*> rows[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
  };
  for (const auto& [bytes, body] : rows) {
    const TinyServer server(answer(bytes));
    CHECK(send(request_to(server.url("/"))).body == body);
  }
  const TinyServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"));
  CHECK(send(request_to(server.url("/"), "HEAD")).header("content-length") == "100");
}

TEST_CASE("a request whose header or target would end its line is not sent") {
  auto request = request_to("http://127.0.0.1:1/");
  request.headers.emplace_back("Authorization", "Bearer x\r\nX-More: 1");
  CHECK_THROWS_AS(send(request), Refused);
  auto split = request_to("http://127.0.0.1:1/");
  split.url.target = "/a HTTP/1.1\r\nX: y";
  CHECK_THROWS_AS(send(split), Refused);
}

TEST_CASE("a redirect is an answer like any other: credentials go nowhere else") {
  const TinyServer server(answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
  const auto response = send(request_to(server.url("/")));
  CHECK(response.status == 302);
  CHECK(response.header("Location") == "http://127.0.0.1:1/");
}

TEST_CASE("what prevents an answer is Unavailable and names the host, not the query") {
  const auto fails_with = [](io::HttpRequest request, const std::string& why) {
    CHECK_THROWS_AS(send(request), Unavailable);
    CHECK_THROWS_WITH(send(request), Catch::StartsWith("127.0.0.1:") && Catch::Contains(why) && !Catch::Contains("secret"));
  };
  fails_with(request_to("http://127.0.0.1:1/?secret"), "connecting: Connection refused");
  {
    const TinyServer server([](Wire& wire) { wire.read_request(); });
    fails_with(request_to(server.url("/?secret")), "closed before an answer");
  }
  {
    const TinyServer server(answer("nonsense\r\n\r\n"));
    fails_with(request_to(server.url("/")), "reading the answer");
  }
  {
    const TinyServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut"));
    fails_with(request_to(server.url("/")), "reading the answer");
  }
  {
    const TinyServer server(answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')));
    auto request = request_to(server.url("/"));
    request.max_body = 1000;
    fails_with(request, "too large");
  }
  auto unknown = request_to("http://no-such-host.invalid/");
  CHECK_THROWS_WITH(send(unknown), Catch::StartsWith("no-such-host.invalid: looking up the host"));
}

TEST_CASE("the deadline is absolute: a server that drips bytes does not move it") {
  const TinyServer silent([](Wire& wire) { wire.wait_for_end(); });
  auto request = request_to(silent.url("/"));
  request.limit = 1s;
  CHECK_THROWS_WITH(send(request), Catch::Contains("no answer in time"));

  std::atomic<bool> over{false};
  const TinyServer dripping([&](Wire& wire) {
    wire.read_request();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (!over) {
      wire.send("x");
      std::this_thread::sleep_for(1ms);
    }
  });
  auto drip = request_to(dripping.url("/"));
  drip.limit = 1s;
  CHECK_THROWS_WITH(send(drip), Catch::Contains("no answer in time"));
  over = true;
}

TEST_CASE("TLS is verified unless the request says otherwise") {
  const TinyServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), true);
  auto request = request_to(server.url("/"));
  CHECK_THROWS_WITH(send(request), Catch::Contains("TLS") && Catch::Contains("verify failed"));
  request.insecure = true;
  CHECK(send(request).body == "ok");
}

TEST_CASE("a stream is given piece by piece, until the sink has had enough") {
  const TinyServer server([](Wire& wire) {
    wire.read_request();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    wire.send("3\r\ntwo\r\n");
    wire.wait_for_end();
  });
  io::HttpClient client;
  asio::io_context loop(1);
  std::string seen;
  io::BodySink sink = [&](std::string_view bytes) {
    seen += bytes;
    return seen != "onetwo";
  };
  const auto response = test::run_coroutine(loop, client.stream(request_to(server.url("/")), sink));
  CHECK(response.status == 200);
  CHECK(seen == "onetwo");
  CHECK(response.body.empty());
}

TEST_CASE("an error answer to a stream is an ordinary answer") {
  const TinyServer server(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"));
  io::HttpClient client;
  asio::io_context loop(1);
  io::BodySink sink = [](std::string_view) -> bool { throw std::logic_error("not to be called"); };
  CHECK(test::run_coroutine(loop, client.stream(request_to(server.url("/")), sink)).body == "gone");
}

TEST_CASE("a cancelled request throws operation_aborted and not Unavailable") {
  const TinyServer server([](Wire& wire) { wire.wait_for_end(); });
  io::HttpClient client;
  asio::io_context loop(1);
  asio::cancellation_signal signal;
  std::exception_ptr error;
  const auto task = [&]() -> Task<> { co_await client.send(request_to(server.url("/"))); };
  asio::co_spawn(loop, task(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; }));
  asio::steady_timer soon(loop, 20ms);
  soon.async_wait([&](const boost::system::error_code&) { signal.emit(asio::cancellation_type::terminal); });
  loop.run();
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error), boost::system::system_error);
}

#include "http/session.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "base/failure.hpp"
#include "http/server.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::RawClient;

namespace {

/// Says what it was asked; some paths make it behave otherwise.
class EchoSite final : public http::RequestHandler {
 public:
  explicit EchoSite(test::LoopThread& loop) : gate(loop.executor()) { gate.expires_at(asio::steady_timer::time_point::max()); }

  std::optional<http::Answer> refuse(const http::Request& head) override {
    if (head.path() == "/refuse") return http::problem(404, "not here");
    return std::nullopt;
  }
  Task<http::Answer> answer(http::Request& request) override {
    if (request.path() == "/unavailable") throw Unavailable("the disk is full");
    if (request.path() == "/bug") throw std::logic_error("secret detail");
    if (request.path() == "/slow") {
      slow_began.set_value();
      boost::system::error_code opened;
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    }
    http::Answer answer(200, request.method + " " + request.target + " " + std::to_string(request.body.size()));
    if (request.path() == "/stream") answer.stream = [](http::BodyWriter& writer) { return count(writer); };
    if (request.path() == "/large") answer.body = std::string(20'000'000, 'x');
    last_headers = request.headers;
    co_return answer;
  }
  void refused(int status, std::string_view, std::string_view) override { refusals.push_back(status); }

  static Task<> count(http::BodyWriter& writer) {
    for (const char* word : {"one ", "two ", "three"}) co_await writer.write(word);
  }

  asio::steady_timer gate;       ///< cancelled, /slow is answered
  std::promise<void> slow_began;
  std::vector<int> refusals;
  Headers last_headers;
};

/// A server on a loop of its own.
class House {
 public:
  explicit House(http::Limits limits = http::Limits()) : handler(loop), server_(make(limits)) {
    loop.call([&] { server_->start(); });
  }
  ~House() { stop(0ms); }
  void stop(std::chrono::milliseconds patience) {
    if (server_) loop.run(server_->stop(patience));
    loop.call([&] { server_.reset(); });
  }
  std::uint16_t port() const { return server_->port(); }
  http::Server& server() { return *server_; }

  test::LoopThread loop;
  EchoSite handler;

 private:
  std::unique_ptr<http::Server> make(const http::Limits& limits) {
    return std::make_unique<http::Server>(loop.executor(), Endpoint("127.0.0.1", 0), limits, handler, Log());
  }
  std::unique_ptr<http::Server> server_;
};

std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

http::Limits strict() {
  http::Limits limits;
  limits.length_required = true;
  limits.max_body = 100'000;
  return limits;
}

}  // namespace

TEST_CASE("requests are answered one after the other on one connection") {
  House house;
  RawClient client(house.port());
  for (int i = 0; i < 3; ++i) {
    const auto response = client.exchange(post("/a?b", "12345"));
    CHECK(response.status == 200);
    CHECK(response.body == "POST /a?b 5");
    CHECK(response.header("Connection").empty());
    CHECK_THAT(response.header("Date"), Catch::EndsWith(" GMT"));
  }
}

TEST_CASE("pipelined requests are answered in their order, however the bytes are cut") {
  House house;
  const std::string all = post("/1", "a") + post("/2", std::string(50'000, 'b')) + "GET /3 HTTP/1.1\r\nhost: h\r\n\r\n";
  for (const std::size_t piece : {std::size_t(1) << 20, std::size_t(1000), std::size_t(7)}) {
    INFO("pieces of " << piece);
    RawClient client(house.port());
    for (std::size_t at = 0; at < all.size(); at += piece) client.send(all.substr(at, piece));
    CHECK(client.receive().body == "POST /1 1");
    CHECK(client.receive().body == "POST /2 50000");
    CHECK(client.receive().body == "GET /3 0");
  }
}

TEST_CASE("what a connection has said in part, or too early, is not lost to what others say meanwhile") {
  House house;
  RawClient patient(house.port()), other(house.port());
  const auto others_speak = [&] { CHECK(other.exchange(post("/other", std::string(20'000, 'x'))).body == "POST /other 20000"); };
  const std::string request = post("/in-parts", "12345");
  for (const std::size_t cut : {std::size_t(3), std::size_t(30), request.size() - 2}) {
    patient.send(request.substr(0, cut));
    others_speak();
    patient.send(request.substr(cut));
    CHECK(patient.receive().body == "POST /in-parts 5");
  }
  patient.send(post("/slow", "1") + post("/next", "12") + "GET /last HT");
  house.handler.slow_began.get_future().wait();
  others_speak();
  house.loop.call([&] { house.handler.gate.cancel(); });
  CHECK(patient.receive().body == "POST /slow 1");
  CHECK(patient.receive().body == "POST /next 2");
  others_speak();
  patient.send("TP/1.1\r\nHost: h\r\n\r\n");
  CHECK(patient.receive().body == "GET /last 0");
}

TEST_CASE("many connections, each cut anywhere, get their own answers in their order") {
  House house;
  std::mt19937 random(20261127);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  struct Line {
    explicit Line(std::uint16_t port) : client(std::make_unique<RawClient>(port)) {}
    std::unique_ptr<RawClient> client;
    std::string unsent;
    std::vector<std::string> expected;
  };
  std::vector<Line> lines;
  for (int i = 0; i < 12; ++i) {
    Line& line = lines.emplace_back(house.port());
    for (int n = 0; n < 12; ++n) {
      const std::string target = "/" + std::to_string(i) + "/" + std::to_string(n);
      const std::size_t size = below(2) == 0 ? below(50) : below(60'000);
      line.unsent += post(target, std::string(size, static_cast<char>('a' + i)));
      line.expected.push_back("POST " + target + " " + std::to_string(size));
    }
  }
  for (bool more = true; more;) {
    more = false;
    for (Line& line : lines) {
      const std::size_t piece = std::min(line.unsent.size(), 1 + below(below(3) == 0 ? 40'000 : 300));
      line.client->send(line.unsent.substr(0, piece));
      line.unsent.erase(0, piece);
      more = more || !line.unsent.empty();
    }
  }
  for (Line& line : lines) {
    for (const std::string& answer : line.expected) CHECK(line.client->receive().body == answer);
  }
}

TEST_CASE("header names are made canonical, values kept in order, and Host left out") {
  House house;
  RawClient client(house.port());
  client.exchange("GET / HTTP/1.1\r\nHOST: h\r\nx-gitea-event: push\r\nX-GitHub-Delivery: 1\r\nX-A: 1\r\nx-a: 2\r\nX-Empty:\r\n\r\n");
  house.loop.call([&] {
    const Headers expected{{"X-Gitea-Event", {"push"}}, {"X-Github-Delivery", {"1"}}, {"X-A", {"1", "2"}}, {"X-Empty", {""}}};
    CHECK(house.handler.last_headers == expected);
  });
}

TEST_CASE("a connection goes on or ends as the client wishes") {
  House house;
  {
    RawClient client(house.port());
    const auto response = client.exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    CHECK(response.header("Connection") == "close");
    CHECK(client.is_closed());
  }
  RawClient old(house.port());
  CHECK(old.exchange("GET / HTTP/1.0\r\n\r\n").status == 200);
  CHECK(old.is_closed());
}

TEST_CASE("what is no request is answered 400, and the connection ends") {
  const std::pair<const char*, std::string> rows[] = {
      {"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello\r\n\r\n"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"control character in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\x01Y: 1\r\n\r\n"},
      {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"},
      {"length that is no number", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\n"},
      {"length beyond 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"},
      {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
      {"length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"coded, but not chunked last", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked, identity\r\n\r\n{}"},
      {"an unknown coding", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"},
      {"another coding", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}"},
      {"too large a head", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"},
      {"too many headers", "GET / HTTP/1.1\r\nHost: a\r\n" + [] {
         std::string many;
         for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
         return many;
       }() + "\r\n"},
      {"endless request line", "GET /" + std::string(40'000, 'a')},
  };
  House house;
  for (const auto& [what, bytes] : rows) {
    INFO(what);
    RawClient client(house.port());
    const auto response = client.exchange(bytes);
    CHECK(response.status == 400);
    CHECK_THAT(response.body, Catch::StartsWith("{\"error\":\""));
    CHECK(response.header("Connection") == "close");
    CHECK(client.is_closed());
  }
}

TEST_CASE("a target in absolute form means its path, RFC 9112 section 3.2.2") {
  House house(strict());
  for (const auto& [given, path] : std::vector<std::pair<std::string, std::string>>{
           {"http://h/a?b=1", "/a?b=1"}, {"HTTPS://h:8080/a/b", "/a/b"}, {"http://h", "/"}, {"http://h?b=1", "/?b=1"}, {"/http://h/a", "/http://h/a"}}) {
    RawClient client(house.port());
    CHECK(client.exchange(post(given, "x")).body == "POST " + path + " 1");
  }
}

TEST_CASE("the sizes of a body are bounded") {
  House house(strict());
  const auto status = [&](const std::string& bytes) {
    RawClient client(house.port());
    const auto response = client.exchange(bytes);
    CHECK(client.is_closed());
    return response.status;
  };
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\n\r\n") == 411);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n") == 411);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n") == 413);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n") == 413);
  CHECK(status(post("/", std::string(8'000'000, 'x'))) == 413);  // the answer arrives although the body is being sent
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\n") == 417);
  RawClient client(house.port());
  CHECK(client.exchange(post("/", std::string(100'000, 'x'))).body == "POST / 100000");
}

TEST_CASE("a body that does not come is 408, one that ends too early 400, one that is longer the next request") {
  http::Limits limits = strict();
  limits.read_timeout = 500ms;
  House house(limits);
  const std::string cut = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345";
  RawClient waits(house.port());
  CHECK(waits.exchange(cut).status == 408);
  CHECK(waits.is_closed());

  RawClient ends(house.port());
  ends.send(cut);
  ends.end_sending();
  CHECK(ends.receive().status == 400);

  RawClient longer(house.port());
  longer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n12345 and more\r\n\r\n");
  CHECK(longer.receive().body == "POST / 3");
  CHECK(longer.receive().status == 400);
}

TEST_CASE("who sends a byte now and then is cut off, and others are served meanwhile") {
  http::Limits limits;
  limits.read_timeout = 500ms;
  House house(limits);
  RawClient slow(house.port()), silent(house.port());
  slow.send("GET / HT");
  RawClient other(house.port());
  CHECK(other.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
  // Every byte that it still sends is in vain: the time counts from the first.
  CHECK(slow.receive().status == 408);
  CHECK(slow.is_closed());
  CHECK(silent.is_closed());
}

TEST_CASE("an idle connection is closed without a word") {
  http::Limits limits;
  limits.idle_timeout = 500ms;
  House house(limits);
  RawClient client(house.port());
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
  CHECK(client.is_closed());
  house.loop.call([&] { CHECK(house.handler.refusals.empty()); });
}

TEST_CASE("connections beyond the limit get 503 with Retry-After, and places are given back") {
  http::Limits limits;
  limits.max_connections = 2;
  House house(limits);
  auto first = std::make_unique<RawClient>(house.port());
  RawClient second(house.port());
  CHECK(first->exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
  CHECK(second.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
  RawClient third(house.port());
  REQUIRE(third.send(post("/", std::string(8'000'000, 'x'))));  // as clients do that look for an answer only then
  const auto refused = third.receive();
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "5");
  first->end_sending();
  CHECK(first->is_closed());
  RawClient fourth(house.port());
  CHECK(fourth.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
}

TEST_CASE("bodies in flight are bounded by the bytes that came, not by those announced") {
  http::Limits limits;
  limits.max_body = 1'000'000;
  limits.max_in_flight = 1'000'000;
  House house(limits);
  std::vector<std::unique_ptr<RawClient>> promise;
  for (int i = 0; i < 8; ++i) {
    promise.push_back(std::make_unique<RawClient>(house.port()));
    promise.back()->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(10'000, 'x'));
  }
  RawClient honest(house.port());
  CHECK(honest.exchange(post("/", std::string(8000, 'x'))).status == 200);
  RawClient greedy(house.port());
  const auto refused = greedy.exchange(post("/", std::string(990'000, 'x')));
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "5");
  promise.clear();
}

TEST_CASE("bytes in flight are given back") {
  http::Limits limits;
  limits.max_body = limits.max_in_flight = 1'000'000;
  House house(limits);
  for (int i = 0; i < 5; ++i) {
    RawClient client(house.port());
    CHECK(client.exchange(post("/", std::string(900'000, 'x'))).status == 200);
    client.end_sending();
    CHECK(client.is_closed());
  }
  house.loop.call([&] { CHECK(house.server().bytes_in_flight() == 0); });
}

TEST_CASE("accidents become 503, bugs 500 without their details, and refusals are told to the handler") {
  House house;
  RawClient client(house.port());
  const auto unavailable = client.exchange(post("/unavailable", ""));
  CHECK(unavailable.status == 503);
  CHECK(unavailable.header("Retry-After") == "5");
  CHECK(unavailable.body == "{\"error\":\"the disk is full\"}");
  const auto bug = client.exchange(post("/bug", ""));
  CHECK(bug.status == 500);
  CHECK_THAT(bug.body, !Catch::Contains("secret"));
  CHECK(client.exchange(post("/refuse", "")).status == 404);
  CHECK(client.is_closed());
  RawClient asks_for_head(house.port());
  asks_for_head.send("HEAD /refuse HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(asks_for_head.wait_for("404 Not Found"));
  CHECK_FALSE(asks_for_head.wait_for("not here"));
  house.loop.call([&] { CHECK(house.handler.refusals == std::vector<int>{503, 500, 404, 404}); });
}

TEST_CASE("an answer that takes too long is replaced by a 503 in time") {
  http::Limits limits;
  limits.answer_timeout = 60ms;
  House house(limits);
  RawClient client(house.port());
  CHECK(client.exchange(post("/slow", "")).status == 503);
  CHECK(client.is_closed());
  house.loop.call([&] { house.handler.gate.cancel(); });
}

TEST_CASE("an answer without a known length comes in chunks") {
  House house;
  RawClient client(house.port());
  CHECK(client.exchange("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n").body == "one two three");
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
}

TEST_CASE("a large answer reaches a client that reads") {
  House house;
  RawClient client(house.port());
  CHECK(client.exchange("GET /large HTTP/1.1\r\nHost: h\r\n\r\n").body.size() == 20'000'000);
}

TEST_CASE("a client that stops reading is cut off") {
  http::Limits limits;
  limits.write_timeout = 50ms;
  House house(limits);
  RawClient client(house.port());
  client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.wait_for("200 OK"));
  std::size_t connections = 1;
  while (connections > 0) house.loop.call([&] { connections = house.server().connections(); });
  CHECK(client.receive().body.size() < 20'000'000);
}

TEST_CASE("a client that asks first is told to go on") {
  House house;
  RawClient client(house.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.wait_for("HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("hello");
  CHECK(client.receive().body == "POST / 5");
}

TEST_CASE("stopping ends idle connections at once and lets the rest come to their end") {
  House house;
  RawClient idle(house.port()), busy(house.port());
  CHECK(idle.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
  busy.send(post("/slow", ""));
  house.handler.slow_began.get_future().wait();
  const auto port = house.port();
  asio::steady_timer later(house.loop.executor(), 30ms);  // most likely after the stop has begun; right either way
  later.async_wait([&](const boost::system::error_code&) { house.handler.gate.cancel(); });
  house.stop(10s);
  CHECK(idle.is_closed());
  CHECK(busy.receive().status == 200);
  CHECK(busy.is_closed());
  CHECK_THROWS(RawClient(port));
}

TEST_CASE("no bytes whatever make the server forget the others") {
  http::Limits limits = strict();
  limits.read_timeout = 50ms;
  House house(limits);
  std::mt19937 random(20261123);
  const std::string valid = post("/a", "hello");
  for (int i = 0; i < 300; ++i) {
    std::string bytes = i % 3 == 0 ? std::string() : valid;
    if (bytes.empty()) {
      bytes.resize(random() % 2000);
      for (char& c : bytes) c = static_cast<char>(random());
    } else {
      for (unsigned changes = random() % 5 + 1; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    RawClient client(house.port());
    client.send(bytes);
    client.end_sending();
    const int status = client.receive().status;
    const bool expected = status == 0 || status == 200 || status == 400 || status == 404 || status == 408 || status == 411 ||
                          status == 413 || status == 417;
    INFO("answer " << status << " to change " << i);
    CHECK(expected);
  }
  RawClient client(house.port());
  CHECK(client.exchange(valid).status == 200);
}

// The registry client against a real registry, and against servers that behave as some registries do.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <thread>

#include "base/failure.hpp"
#include "base/hex.hpp"
#include "base/hmac.hpp"
#include "build/http_registry.hpp"
#include "support/registry.hpp"
#include "support/run_coroutine.hpp"

using namespace slipway;
using build::HttpRegistry;

namespace {

/// Answers each request by a function of its head (request line and headers); one connection at a time.
class ScriptedServer {
 public:
  using Script = std::function<std::string(const std::string& head)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  std::string host;

 private:
  void serve() {
    for (int peer = 0; (peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ::close(peer)) {
      std::string head;
      char byte = 0;
      // A TLS greeting begins with 0x16: hung up on.
      while (!head.ends_with("\r\n\r\n") && !head.starts_with('\x16') && ::read(peer, &byte, 1) == 1) head += byte;
      if (!head.ends_with("\r\n\r\n")) continue;
      {
        const std::lock_guard lock(mutex_);
        heads_.push_back(head);
      }
      const std::string answer = script_(head);
      [[maybe_unused]] const auto written = ::write(peer, answer.data(), answer.size());
      ::shutdown(peer, SHUT_WR);
    }
  }

  Script script_;
  int listener_ = -1;
  std::mutex mutex_;
  std::vector<std::string> heads_;
  std::thread thread_;
};

std::string answer(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Fixture {
  explicit Fixture(const std::string& host, std::filesystem::path auth) {
    RegistrySettings settings;
    settings.host = host;
    settings.auth_file = std::move(auth);
    settings.insecure = true;
    registry.emplace(client, settings);
  }
  // Coroutines of their own, so that the arguments live as long as the calls.
  std::optional<build::Manifest> find(std::string image, std::string tag) {
    const auto call = [&]() -> Task<std::optional<build::Manifest>> { co_return co_await registry->find(image, tag); };
    return test::run_coroutine(loop, call());
  }
  void tag(std::string image, Digest digest, std::string tag) {
    const auto call = [&]() -> Task<> { co_await registry->tag(image, digest, tag); };
    test::run_coroutine(loop, call());
  }
  void login() { test::run_coroutine(loop, registry->login()); }
  asio::io_context loop{1};
  io::HttpClient client;
  std::optional<HttpRegistry> registry;
};

std::filesystem::path auth_for(const test::TmpDir& dir, const std::string& host) {
  test::write_file(dir / "auth.json", R"({"auths":{")" + host + R"(":{"auth":")" + to_base64("ci:pw") + R"("}}})");
  return dir / "auth.json";
}

const std::string manifest = R"({"schemaVersion":2,"config":{"digest":"sha256:)" + std::string(64, 'c') + R"("},"layers":[]})";
const std::string config = R"({"config":{"Labels":{"a":"b"}}})";

}  // namespace

TEST_CASE("a real registry is asked and written to") {
  test::Registry server;
  const std::string image = server.busybox().substr(0, server.busybox().rfind(':'));
  Fixture f(server.host(), server.auth_file());
  CHECK_NOTHROW(f.login());
  const auto found = f.find(image, "1");
  REQUIRE(found);
  CHECK(found->digest.value().starts_with("sha256:"));
  CHECK(found->labels.contains("io.buildah.version"));
  CHECK_FALSE(f.find(image, "2"));
  f.tag(image, found->digest, "latest");
  CHECK(f.find(image, "latest")->digest == found->digest);
  CHECK(f.find(image, found->digest.value())->digest == found->digest);
  CHECK_THROWS_AS(f.tag(image, Digest("sha256:" + std::string(64, '0')), "x"), Refused);

  Fixture wrong(server.host(), server.wrong_auth_file());
  CHECK_THROWS_WITH(wrong.login(),
                    "the registry " + server.host() + " answered 401 to the login: UNAUTHORIZED: authentication required");
  server.stop();
  CHECK_THROWS_AS(f.login(), Unavailable);
}

TEST_CASE("a token server on the registry's own host gets the login, and the token is used") {
  test::TmpDir dir;
  std::string host;
  ScriptedServer server([&](const std::string& head) {
    if (has(head, "GET /token?")) return answer("200 OK", "", R"({"token":"t0ken"})");
    if (!has(head, "Bearer t0ken")) {
      return answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://" + host + "/token\",service=\"zot\"\r\n", "{}");
    }
    return has(head, "/blobs/") ? answer("200 OK", "", config) : answer("200 OK", "", manifest);
  });
  host = server.host;
  Fixture f(host, auth_for(dir, host));
  const auto found = f.find(host + "/a/b", "1");
  REQUIRE(found);
  CHECK(found->digest.value() == "sha256:" + sha256_hex(manifest));
  CHECK(found->labels.at("a") == "b");
  bool asked = false;
  for (const auto& head : server.heads()) {
    if (!has(head, "GET /token?service=zot&scope=repository%3Aa%2Fb%3Apull ")) continue;
    asked = true;
    CHECK(has(head, "Authorization: Basic " + to_base64("ci:pw")));
  }
  CHECK(asked);
}

TEST_CASE("credentials go to no other host: not to a token server, not along a redirect") {
  test::TmpDir dir;
  ScriptedServer elsewhere([](const std::string&) { return answer("200 OK", "", config); });
  SECTION("a token server elsewhere") {
    const std::string other = "http://localhost" + elsewhere.host.substr(elsewhere.host.find(':'));
    ScriptedServer server([&](const std::string&) {
      return answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"" + other + "/token\",service=\"x\"\r\n", "");
    });
    Fixture f(server.host, auth_for(dir, server.host));
    CHECK_THROWS_AS(f.find(server.host + "/a", "1"), Refused);
    CHECK(elsewhere.heads().empty());
  }
  SECTION("blobs elsewhere are fetched without them") {
    ScriptedServer server([&](const std::string& head) {
      if (!has(head, "Authorization: Basic")) return answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
      if (!has(head, "/blobs/")) return answer("200 OK", "", manifest);
      return answer("307 Temporary Redirect", "Location: http://" + elsewhere.host + "/blob\r\n", "");
    });
    Fixture f(server.host, auth_for(dir, server.host));
    const auto found = f.find(server.host + "/a", "1");
    REQUIRE(found);
    CHECK(found->labels.at("a") == "b");
    REQUIRE(elsewhere.heads().size() == 1);
    CHECK_FALSE(has(elsewhere.heads()[0], "Authorization"));
  }
  SECTION("a manifest elsewhere is no manifest") {
    ScriptedServer server([&](const std::string&) {
      return answer("307 Temporary Redirect", "Location: http://" + elsewhere.host + "/manifest\r\n", "");
    });
    Fixture f(server.host, auth_for(dir, server.host));
    CHECK_THROWS_AS(f.find(server.host + "/a", "1"), Refused);
    CHECK(elsewhere.heads().empty());
  }
}

TEST_CASE("what a registry answers is an answer, an accident, or a refusal") {
  struct Row {
    const char *status, *body, *what;
    bool unavailable;
  };
  const Row rows[] = {
      {"503 Service Unavailable", "", "answered 503", true},
      {"429 Too Many Requests", R"({"errors":[{"code":"TOOMANYREQUESTS"}]})", "TOOMANYREQUESTS", true},
      {"403 Forbidden", R"({"errors":[{"code":"DENIED","message":"quota"}]})", "DENIED: quota", false},
      {"200 OK", "<html>", "is no JSON", true},
  };
  for (const auto& row : rows) {
    INFO(row.status);
    test::TmpDir dir;
    ScriptedServer server([&](const std::string&) { return answer(row.status, "", row.body); });
    Fixture f(server.host, auth_for(dir, server.host));
    std::string what;
    bool unavailable = false;
    try {
      f.find(server.host + "/a", "1");
    } catch (const Unavailable& failure) {
      what = failure.what();
      unavailable = true;
    } catch (const Refused& failure) {
      what = failure.what();
    }
    CHECK(has(what, row.what));
    CHECK(unavailable == row.unavailable);
  }
}

TEST_CASE("a manifest that does not fit the digest it comes with is not believed") {
  test::TmpDir dir;
  ScriptedServer server([&](const std::string&) {
    return answer("200 OK", "Docker-Content-Digest: sha256:" + std::string(64, '1') + "\r\n", manifest);
  });
  Fixture f(server.host, auth_for(dir, server.host));
  CHECK_THROWS_AS(f.find(server.host + "/a", "1"), Unavailable);
}

TEST_CASE("a registry whose TLS was only slow is not taken for one without: no login goes to it in the clear") {
  bool speaks_tls = true;
  ScriptedServer server([&](const std::string& head) {
    if (speaks_tls) return answer("400 Bad Request", "", "Client sent an HTTP request to an HTTPS server.");
    return has(head, "GET /v2/ ") ? answer("200 OK", "", "{}") : answer("404 Not Found", "", "");
  });
  test::TmpDir dir;
  Fixture f(server.host, auth_for(dir, server.host));
  CHECK_THROWS_AS(f.find(server.host + "/apps/app", "tag"), Unavailable);
  for (const auto& head : server.heads()) CHECK_FALSE(has(head, "Authorization"));
  speaks_tls = false;
  CHECK_FALSE(f.find(server.host + "/apps/app", "tag").has_value());
}

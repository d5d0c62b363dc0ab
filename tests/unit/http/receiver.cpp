#include "http/receiver.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "base/hex.hpp"
#include "base/hmac.hpp"
#include "http/server.hpp"
#include "support/fake_queue.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::RawClient;

namespace {

const std::string secret = "s3cr3t-webhook";
const std::filesystem::path deliveries = SLIPWAY_SOURCE_DIR "/tests/data/deliveries";

/// A push to Lumie-Edu/lumie-backend makes a run, one to anything else is skipped.
Verdict judge(const Delivery& delivery) {
  Verdict verdict;
  if (delivery.push.repository.value() == "Lumie-Edu/lumie-backend") {
    RunRequest request;
    request.template_name = TemplateName("backend");
    request.trigger = "backend";
    verdict.runs.push_back(request);
  } else {
    verdict.skipped.emplace_back("backend", "the repository is another one");
  }
  verdict.pending = delivery.push.ref == "refs/heads/main" && delivery.push.total_commits > 5;
  return verdict;
}

bool watched(const RepoName& repository) { return repository.value().starts_with("Lumie-Edu/"); }

/// A receiver with its server on a loop of its own, in front of a queue that only remembers.
class House {
 public:
  explicit House(WebhookSettings settings = WebhookSettings()) {
    test::write_file(dir / "secret", secret + "\n");
    settings.secret_files = {dir / "secret"};
    settings.listen = Endpoint("127.0.0.1", 0);
    loop.call([&] {
      auto secrets = http::Secrets::open(settings.secret_files, Log());
      receiver = std::make_unique<http::Receiver>(settings, std::move(*secrets), judge, watched, queue, pool, metrics, Log());
      server_ = std::make_unique<http::Server>(loop.executor(), settings.listen, http::webhook_limits(settings), *receiver, Log());
      server_->start();
    });
  }
  ~House() {
    loop.run(server_->stop(0ms));
    loop.call([&] { server_.reset(); });
  }
  std::uint16_t port() const { return server_->port(); }
  test::RawResponse exchange(const std::string& bytes) {
    RawClient client(port());
    return client.exchange(bytes);
  }

  test::TmpDir dir;
  test::LoopThread loop;
  test::FakeQueue queue;
  asio::thread_pool pool{1};
  http::Metrics metrics;
  std::unique_ptr<http::Receiver> receiver;

 private:
  std::unique_ptr<http::Server> server_;
};

struct Sent {
  std::string target = "/hooks";
  std::string method = "POST";
  std::string type = "application/json";
  std::string signature;  ///< empty: the right one
  std::string id = "11111111-2222-4333-8444-555555555555";
  std::string more;       ///< further header lines
};

std::string request(const std::string& body, const Sent& sent = Sent()) {
  const std::string signature = sent.signature.empty() ? to_hex(HmacSha256(secret).sign(body)) : sent.signature;
  return sent.method + " " + sent.target + " HTTP/1.1\r\nHost: slipway\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nContent-Type: " + sent.type + "\r\nX-Gitea-Event: push\r\nX-Gitea-Delivery: " + sent.id +
         "\r\nX-Gitea-Signature: " + signature + "\r\n" + sent.more + "\r\n" + body;
}

std::string captured(const std::string& name) { return test::read_file(deliveries / (name + ".body")); }

/// The captured request, byte for byte but for its Host.
std::string captured_request(const std::filesystem::path& headers) {
  std::istringstream lines(test::read_file(headers));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) text += line + "\r\n";
  }
  auto body = headers;
  return text + "\r\n" + test::read_file(body.replace_extension(".body"));
}

rapidjson::Document json(const test::RawResponse& response) {
  rapidjson::Document document;
  document.Parse(response.body.c_str());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

}  // namespace

TEST_CASE("a signed push is answered 202 with its runs once the queue has them") {
  House house;
  const auto response = house.exchange(request(captured("push-single-backend-05")));
  CHECK(response.status == 202);
  CHECK(response.body == R"({"delivery":"11111111-2222-4333-8444-555555555555","runs":[{"id":1,"template":"backend"}],"skipped":[]})");
  REQUIRE(house.queue.accepted.size() == 1);
  const Delivery& delivery = house.queue.accepted[0].first;
  CHECK(*delivery.body == captured("push-single-backend-05"));
  CHECK(delivery.target == "/hooks");
  CHECK(delivery.headers.first("X-Gitea-Event") == "push");
}

TEST_CASE("a delivery that comes again is answered with the first runs and their states") {
  House house;
  const std::string bytes = request(captured("push-single-backend-05"));
  house.exchange(bytes);
  house.loop.call([&] { house.queue.first_run_is(RunState::failed, "the check failed"); });
  const auto response = house.exchange(bytes);
  CHECK(response.status == 200);
  CHECK_THAT(response.body, Catch::Contains(R"("duplicate":true)") && Catch::Contains(R"("state":"failed")") &&
                                Catch::Contains(R"("retry":"slipway retry 1")"));
  CHECK(house.queue.accepted.size() == 1);
}

TEST_CASE("what matches nothing is answered 200 with the reasons, and recorded behind the answer") {
  House house;
  std::string body = captured("push-single-backend-05");
  for (auto at = body.find("Lumie-Edu/lumie-backend"); at != std::string::npos; at = body.find("Lumie-Edu/lumie-backend")) {
    body.replace(at, 23, "Lumie-Edu/lumie-missing");
  }
  const auto response = house.exchange(request(body));
  CHECK(response.status == 200);
  CHECK_THAT(response.body, Catch::Contains(R"("runs":[],"skipped":[{"trigger":"backend","reason":"the repository is another one"}])"));
  CHECK(house.queue.recorded.size() == 1);
  CHECK(house.queue.accepted.empty());

  house.queue.takes_records = false;  // the sender waits for room then
  CHECK(house.exchange(request(body)).status == 200);
  REQUIRE(house.queue.accepted.size() == 1);
  CHECK(house.queue.accepted[0].first.push.repository.value() == "Lumie-Edu/lumie-missing");
}

TEST_CASE("a signature that is missing, wrong or empty gets one and the same answer") {
  House house;
  const std::string body = captured("push-single-backend-05");
  Sent wrong, empty, shorter;
  wrong.signature = std::string(64, 'a');
  shorter.signature = "ab";
  const auto first = house.exchange(request(body, wrong));
  CHECK(first.status == 401);
  std::string without = request(body);
  const auto at = without.find("X-Gitea-Signature: ");
  without.erase(at, without.find("\r\n", at) + 2 - at);
  std::string blank = request(body);
  blank.erase(blank.find("X-Gitea-Signature: ") + 19, 64);
  std::string changed = request(body);
  changed.back() = changed.back() == '}' ? ' ' : '}';
  for (const std::string& bytes : {request(body, shorter), without, blank, changed}) {
    const auto response = house.exchange(bytes);
    CHECK(response.status == 401);
    CHECK(response.body == first.body);
  }
  CHECK(house.queue.accepted.empty());
}

TEST_CASE("path, method and type are looked at before the body") {
  House house;
  const std::string body = captured("push-single-backend-05");
  struct Row {
    const char *target, *method, *type;
    int status;
  };
  const Row rows[] = {
      {"/hooks", "POST", "application/json", 202},
      {"/hooks/", "POST", "application/json; charset=utf-8", 200},
      {"/hooks?x=1", "POST", "Application/JSON", 200},
      {"/hook", "POST", "application/json", 404},
      {"/hooks//", "POST", "application/json", 404},
      {"/", "POST", "application/json", 404},
      {"/hooks/../hooks", "POST", "application/json", 404},
      {"/hooks", "PUT", "application/json", 405},
      {"/hooks", "GET", "application/json", 405},
      {"/hooks", "POST", "text/plain", 415},
      {"/hooks", "POST", "application/json-seq", 415},
      {"/hooks", "POST", "", 415},
  };
  for (const Row& row : rows) {
    INFO(row.method << " " << row.target << " " << row.type);
    Sent sent;
    sent.target = row.target;
    sent.method = row.method;
    sent.type = row.type;
    const auto response = house.exchange(request(body, sent));
    CHECK(response.status == row.status);
    CHECK(response.header("Location").empty());
    if (row.status == 405) CHECK(response.header("Allow") == "POST");
  }
  Sent packed;
  packed.more = "Content-Encoding: gzip\r\n";
  CHECK(house.exchange(request(body, packed)).status == 415);
}

TEST_CASE("a body that is signed and yet no push is answered 400 with the reason, and nothing is stored") {
  House house;
  const std::string push = captured("push-single-backend-05");
  const auto with = [&](const std::string& old, const std::string& now) {
    std::string body = push;
    const auto at = body.find(old);
    REQUIRE(at != std::string::npos);
    return body.replace(at, old.size(), now);
  };
  const std::pair<const char*, std::string> rows[] = {
      {"empty", ""},
      {"no JSON", "hello"},
      {"truncated", push.substr(0, push.size() / 2)},
      {"followed by more", push + "x"},
      {"an array", "[]"},
      {"missing everything", "{\"ref\":\"refs/heads/main\"}"},
      {"invalid UTF-8", with("\"ref\": \"refs/heads/main\"", "\"ref\": \"refs/heads/main\", \"x\": \"\xff\xfe\"")},
      {"a depth bomb", std::string(100'000, '[')},
      {"objects in depth", [] {
         std::string deep;
         for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
         return deep;
       }()},
      {"a climbing repository", with("\"full_name\": \"Lumie-Edu/lumie-backend\"", "\"full_name\": \"../../etc/passwd\"")},
      {"a repository with a quote", with("\"full_name\": \"Lumie-Edu/lumie-backend\"", "\"full_name\": \"a/b'; rm -rf\"")},
      {"a repository with a percent", with("\"full_name\": \"Lumie-Edu/lumie-backend\"", "\"full_name\": \"a/%2e%2e\"")},
      {"a repository with a control character", with("\"full_name\": \"Lumie-Edu/lumie-backend\"", "\"full_name\": \"a/b\\u0000c\"")},
      {"a commit that is none", with("\"after\": \"", "\"after\": \"$(id)")},
  };
  for (const auto& [what, body] : rows) {
    INFO(what);
    const auto response = house.exchange(request(body));
    CHECK(response.status == 400);
    CHECK_THAT(response.body, Catch::StartsWith("{\"error\":\""));
  }
  CHECK(house.queue.accepted.empty());
  CHECK(house.queue.recorded.empty());
}

TEST_CASE("large bodies are judged beside the loop, and too large ones refused") {
  WebhookSettings settings;
  settings.max_body = 4 << 20;
  House house(settings);
  std::string body = captured("push-single-backend-05");
  const auto at = body.rfind('}');
  body.insert(at, ", \"padding\": \"" + std::string(3'000'000, 'x') + "\"");
  CHECK(house.exchange(request(body)).status == 202);
  CHECK(house.exchange(request(body + std::string(2'000'000, ' '))).status == 413);
}

TEST_CASE("a queue that cannot take more is a 503 that asks to come again") {
  House house;
  house.loop.call([&] { house.queue.trouble = "the disk is full"; });
  const auto response = house.exchange(request(captured("push-single-backend-05")));
  CHECK(response.status == 503);
  CHECK(response.header("Retry-After") == "5");
  house.loop.call([&] { house.queue.trouble.clear(); });
  CHECK(house.exchange(request(captured("push-single-backend-05"))).status == 202);
}

TEST_CASE("who is stopping takes nothing more") {
  House house;
  house.loop.call([&] { house.receiver->drain(); });
  const auto response = house.exchange(request(captured("push-single-backend-05")));
  CHECK(response.status == 503);
  CHECK(response.header("Retry-After") == "10");
}

TEST_CASE("an incomplete push is accepted as pending") {
  House house;
  const auto response = house.exchange(request(captured("redelivery")));
  CHECK(response.status == 202);
  CHECK_THAT(response.body, Catch::Contains("\"pending\":true"));
}

TEST_CASE("secrets are read again, and several are valid at once") {
  const test::TmpDir dir;
  test::write_file(dir / "old", "old key");
  test::write_file(dir / "new", "new key");
  auto secrets = http::Secrets::open({dir / "old", dir / "new"}, Log());
  REQUIRE(secrets);
  CHECK(secrets->current()->secrets == std::vector<std::string>{"old key", "new key"});
  const auto missing = http::Secrets::open({dir / "old", dir / "missing"}, Log());
  REQUIRE_FALSE(missing);
  CHECK_THAT(missing.error().what(), Catch::Contains("missing"));
}

TEST_CASE("refusals and deliveries are counted") {
  House house;
  house.exchange(request(captured("push-single-backend-05")));
  Sent lost;
  lost.target = "/elsewhere";
  house.exchange(request("{}", lost));
  house.exchange("nonsense\r\n\r\n");
  std::string text;
  house.loop.call([&] { text = house.metrics.text(); });
  CHECK_THAT(text, Catch::Contains("slipway_deliveries_total{outcome=\"accepted\"} 1\n") &&
                       Catch::Contains("slipway_refusals_total{status=\"404\"} 1\n") &&
                       Catch::Contains("slipway_refusals_total{status=\"400\"} 1\n") &&
                       Catch::Contains("slipway_delivery_answer_seconds_count 1\n"));
}

TEST_CASE("every delivery that a real Gitea sent is answered 2xx, or 401 where it is unsigned") {
  House house;
  std::size_t sent = 0;
  for (const auto& entry : std::filesystem::directory_iterator(deliveries)) {
    if (entry.path().extension() != ".headers") continue;
    INFO(entry.path().filename().string());
    const auto response = house.exchange(captured_request(entry.path()));
    const bool is_unsigned = entry.path().filename().string().starts_with("nosecret");
    if (is_unsigned) {
      CHECK(response.status == 401);
    } else {
      CHECK((response.status == 200 || response.status == 202));
      const auto answer = json(response);
      CHECK(answer["delivery"].IsString());
      CHECK(answer["runs"].IsArray());
      CHECK(answer["skipped"].IsArray());
    }
    ++sent;
  }
  CHECK(sent > 90);
}

TEST_CASE("a test delivery says whether anything looks at its repository") {
  House house;
  std::string body = captured("test-delivery--2-push");
  const auto says = [&](const std::string& what) {
    const auto response = house.exchange(request(body));
    CHECK(response.status == 200);
    CHECK_THAT(response.body, Catch::Contains(what) && Catch::Contains("\"test\":true"));
  };
  says("is set up rightly");
  for (auto at = body.find("Lumie-Edu/"); at != std::string::npos; at = body.find("Lumie-Edu/")) body.replace(at, 10, "Lumie-Ed/");
  says("no trigger looks at Lumie-Ed/");
}

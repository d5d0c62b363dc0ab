#include "http/operator_api.hpp"

#include <rapidjson/document.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "http/openapi.hpp"
#include "http/operator_routes.hpp"
#include "http/server.hpp"
#include "io/time.hpp"
#include "support/fake_queue.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::RawClient;

namespace {

Clock::time_point at(int seconds) { return Clock::time_point(std::chrono::seconds(1'700'000'000 + seconds)); }

Run a_run(std::int64_t id, const std::string& name, RunState state) {
  Run run;
  run.id = RunId(id);
  run.delivery = DeliveryId("d-" + std::to_string(id));
  run.template_name = TemplateName(name);
  run.repository = RepoName("Lumie-Edu/lumie-backend");
  run.ref = "refs/heads/main";
  run.commit = CommitSha("0853eb5c037c7299d50722bf192fa3ac3ae162c2");
  run.state = state;
  run.created = at(static_cast<int>(id));
  return run;
}

/// Three runs and a delivery, filtered as the real reader does for what the API asks here.
class FakeReader final : public queue::RunReader {
 public:
  Task<std::vector<Run>> runs(const queue::RunFilter& filter) override {
    if (broken) throw Unavailable("the database cannot be read");
    asked = filter;
    std::vector<Run> found;
    for (auto run = all.rbegin(); run != all.rend() && found.size() < filter.at_most; ++run) {
      if (filter.state && run->state != *filter.state) continue;
      if (filter.template_name && run->template_name != *filter.template_name) continue;
      if (filter.before && !(run->id < *filter.before)) continue;
      found.push_back(*run);
    }
    co_return found;
  }
  Task<std::optional<Run>> run(RunId id) override {
    for (const Run& one : all) {
      if (one.id == id) co_return one;
    }
    co_return std::nullopt;
  }
  Task<std::vector<queue::StoredDelivery>> deliveries(const queue::DeliveryFilter&) override { co_return stored; }
  Task<std::optional<queue::StoredDelivery>> delivery(const DeliveryId& id) override {
    for (const auto& one : stored) {
      if (one.id == id) co_return one;
    }
    co_return std::nullopt;
  }
  Task<std::vector<queue::Hold>> holds() override { co_return held; }
  Task<queue::Counts> counts() override {
    if (broken) throw Unavailable("the database cannot be read");
    queue::Counts counts;
    counts.runs[RunState::queued] = 2;
    co_return counts;
  }

  std::vector<Run> all{a_run(1, "backend", RunState::succeeded), a_run(2, "frontend", RunState::failed), a_run(3, "backend", RunState::queued)};
  std::vector<queue::StoredDelivery> stored;
  std::vector<queue::Hold> held;
  queue::RunFilter asked;
  bool broken = false;
};

class FakeControl final : public run::Control {
 public:
  Task<std::optional<run::Denial>> cancel(RunId run) override {
    calls.push_back("cancel " + std::to_string(run.value()));
    if (run.value() == 99) co_return run::Denial(run::Denial::Why::not_found, "there is no run 99");
    if (run.value() == 1) co_return run::Denial(run::Denial::Why::conflict, "run 1 has succeeded");
    co_return std::nullopt;
  }
  Task<std::optional<run::Denial>> retry(RunId run, run::RetryOptions options) override {
    calls.push_back("retry " + std::to_string(run.value()) + (options.allow_rollback ? " rollback" : "") + (options.rebuild ? " rebuild" : ""));
    co_return std::nullopt;
  }
  Task<std::optional<run::Denial>> release(TemplateName name) override {
    calls.push_back("release " + name.value());
    co_return std::nullopt;
  }
  std::vector<std::string> calls;
};

std::shared_ptr<const config::Catalogue> a_catalogue() {
  Template backend;
  backend.name = TemplateName("backend");
  backend.pipeline = PipelineName("springboot");
  backend.repository = RepoName("Lumie-Edu/lumie-backend");
  return std::make_shared<const config::Catalogue>(std::vector<Template>{backend}, std::vector<config::Trigger>(),
                                                   std::vector<config::Pipeline>(), Settings());
}

class House {
 public:
  House() : events(loop.executor()), logs(dir / "logs", 1 << 20, time) {
    std::filesystem::create_directories(dir / "logs");
    http::Operations operations(queue, reader, logs, control, events, metrics, pool);
    operations.catalogue = [catalogue = a_catalogue()] { return catalogue; };
    operations.drift = [] { return run::Drift{run::DriftState::differs, {"Argo CD reads another repository"}}; };
    operations.not_ready = [this] { return not_ready; };
    api_ = std::make_unique<http::OperatorApi>(std::move(operations), "t0ken", Log());
    loop.call([&] {
      server_ = std::make_unique<http::Server>(loop.executor(), Endpoint("127.0.0.1", 0), http::operator_limits(), *api_, Log());
      server_->start();
    });
  }
  ~House() {
    loop.run(server_->stop(0ms));
    loop.call([&] { server_.reset(); });
  }
  std::uint16_t port() const { return server_->port(); }

  static std::string text(const std::string& method, const std::string& target, const std::string& body = "", const std::string& token = "t0ken") {
    return method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") +
           (method == "POST" ? "Content-Length: " + std::to_string(body.size()) + "\r\n" : "") + "\r\n" + body;
  }
  test::RawResponse get(const std::string& target, const std::string& token = "t0ken") {
    RawClient client(port());
    return client.exchange(text("GET", target, "", token));
  }
  test::RawResponse post(const std::string& target, const std::string& body = "") {
    RawClient client(port());
    return client.exchange(text("POST", target, body));
  }

  test::TmpDir dir;
  test::LoopThread loop;
  io::SystemTime time;
  test::FakeQueue queue;
  FakeReader reader;
  FakeControl control;
  http::Events events;
  http::Metrics metrics;
  asio::thread_pool pool{1};
  build::RunLogs logs;
  std::string not_ready;

 private:
  std::unique_ptr<http::OperatorApi> api_;
  std::unique_ptr<http::Server> server_;
};

// RapidJSON's own == between a value and a text is endless in C++20: each form is rewritten into the other.
std::string text_of(const rapidjson::Value& value) { return std::string(value.GetString(), value.GetStringLength()); }

rapidjson::Document json(const test::RawResponse& response) {
  rapidjson::Document document;
  document.Parse(response.body.c_str());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

}  // namespace

TEST_CASE("health and figures need no token, everything under /api does, also what is not there") {
  House house;
  CHECK(house.get("/healthz", "").status == 200);
  CHECK(house.get("/readyz", "").status == 200);
  CHECK(house.get("/metrics", "").status == 200);
  for (const http::Route& route : http::operator_routes()) {
    std::string path(route.path);
    for (auto hole = path.find("{}"); hole != std::string::npos; hole = path.find("{}")) path.replace(hole, 2, "1");
    if (!path.starts_with("/api/")) continue;
    for (const char* token : {"", "wrong", "t0ken2", "t0ke"}) {
      RawClient client(house.port());
      const auto response = client.exchange(House::text(std::string(route.method), path, "", token));
      INFO(route.method << " " << path << " with \"" << token << "\"");
      CHECK(response.status == 401);
      CHECK(response.header("WWW-Authenticate") == "Bearer");
    }
  }
  CHECK(house.get("/api/v1/nothing", "").status == 401);
  CHECK(house.get("/api", "").status == 401);
  CHECK(house.control.calls.empty());
}

TEST_CASE("the scheme of a token is known in any case") {
  House house;
  RawClient client(house.port());
  CHECK(client.exchange("GET /api/v1/templates HTTP/1.1\r\nHost: h\r\nauthorization: bearer t0ken\r\n\r\n").status == 200);
}

TEST_CASE("readiness says why not") {
  House house;
  house.loop.call([&] { house.not_ready = "draining"; });
  const auto response = house.get("/readyz", "");
  CHECK(response.status == 503);
  CHECK(response.body == R"({"status":"not ready","reason":"draining"})");
}

TEST_CASE("runs are listed newest first, filtered, in pages") {
  House house;
  auto runs = json(house.get("/api/v1/runs"));
  REQUIRE(runs["runs"].Size() == 3);
  CHECK(runs["runs"][0]["id"].GetInt() == 3);
  CHECK(text_of(runs["runs"][0]["created"]) == "2023-11-14T22:13:23.000Z");
  CHECK_FALSE(runs.HasMember("next"));

  CHECK(text_of(json(house.get("/api/v1/runs?state=failed"))["runs"][0]["template"]) == "frontend");
  CHECK(json(house.get("/api/v1/runs?template=backend"))["runs"].Size() == 2);
  auto page = json(house.get("/api/v1/runs?limit=2"));
  REQUIRE(page["runs"].Size() == 2);
  auto rest = json(house.get(std::string("/api/v1/runs?limit=2&cursor=") + page["next"].GetString()));
  REQUIRE(rest["runs"].Size() == 1);
  CHECK(rest["runs"][0]["id"].GetInt() == 1);
  house.get("/api/v1/runs?commit=0853eb5c&delivery=d&repository=a%2Fb");
  CHECK(house.reader.asked.commit->digits() == "0853eb5c");
  CHECK(house.reader.asked.repository == RepoName("a/b"));

  for (const char* query : {"state=Failed", "limit=0", "limit=1001", "limit=x", "cursor=-1", "stat=failed", "state=%zz"}) {
    INFO(query);
    CHECK(house.get(std::string("/api/v1/runs?") + query).status == 400);
  }
}

TEST_CASE("one run is shown with everything that is known of it") {
  House house;
  Run& run = house.reader.all[1];
  run.reason = "the check failed: 1 of 12 tests";
  run.parameters["image"] = "x";
  run.results.emplace();
  run.results->image = "zot/lumie/frontend";
  run.results->tag = "0853eb5c";
  run.results->digest = Digest("sha256:abc");
  run.handoff_commit = CommitSha("1111111111111111111111111111111111111111");
  StageRecord stage;
  stage.stage = Stage::check;
  stage.started = at(5);
  stage.outcome = "failed";
  run.stages.push_back(stage);
  const auto shown = json(house.get("/api/v1/runs/2"));
  CHECK(text_of(shown["state"]) == "failed");
  CHECK(text_of(shown["reason"]) == "the check failed: 1 of 12 tests");
  CHECK(text_of(shown["results"]["IMAGE_TAG"]) == "0853eb5c");
  CHECK(text_of(shown["results"]["COMMIT_SHA"]) == "0853eb5c037c7299d50722bf192fa3ac3ae162c2");
  CHECK(text_of(shown["stages"][0]["stage"]) == "check");
  CHECK(text_of(shown["stages"][0]["outcome"]) == "failed");
  CHECK_FALSE(shown.HasMember("waiting_for"));
  for (const char* id : {"99", "0", "-1", "x", "2%00", "99999999999999999999"}) CHECK(house.get(std::string("/api/v1/runs/") + id).status == 404);
}

TEST_CASE("a finished run's log comes whole, a live one's as it grows") {
  House house;
  const std::string old(200'000, 'l');
  test::write_file(house.dir / "logs" / "1.log", old);
  const auto whole = house.get("/api/v1/runs/1/logs");
  CHECK(whole.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(whole.body == old);
  CHECK(house.get("/api/v1/runs/1/logs?follow=1").body == old);
  CHECK(house.get("/api/v1/runs/2/logs").body.empty());
  CHECK(house.get("/api/v1/runs/99/logs").status == 404);

  std::unique_ptr<build::RunLog> log;
  house.loop.call([&] {
    log = house.logs.begin(RunId(3), [](const StageRecord&) {});
    log->note("first");
  });
  RawClient client(house.port());
  client.send(House::text("GET", "/api/v1/runs/3/logs?follow=1"));
  CHECK(client.wait_for("first"));
  house.loop.call([&] { log->note("second"); });
  CHECK(client.wait_for("second"));
  house.loop.call([&] {
    house.reader.all[2].state = RunState::succeeded;
    log.reset();
  });
  CHECK(client.wait_for("\r\n0\r\n\r\n"));
}

TEST_CASE("who follows the log of a run that waits is let go when the daemon stops") {
  House house;
  RawClient client(house.port());
  client.send(House::text("GET", "/api/v1/runs/3/logs?follow=1"));
  CHECK(client.wait_for("200 OK"));
  house.loop.call([&] { house.not_ready = "stopping"; });
  CHECK(client.wait_for("\r\n0\r\n\r\n"));
}

TEST_CASE("a probe may add parameters, the API knows its own") {
  House house;
  CHECK(house.get("/healthz?verbose").status == 200);
  CHECK(house.get("/readyz?t=1&t=2").status == 200);
  CHECK(house.get("/metrics?%zz").status == 200);
  CHECK(house.get("/api/v1/runs?verbose").status == 400);
}

TEST_CASE("runs are cancelled and retried, templates released, and what is not possible says why") {
  House house;
  CHECK(house.post("/api/v1/runs/3/cancel").status == 202);
  const auto conflict = house.post("/api/v1/runs/1/cancel");
  CHECK(conflict.status == 409);
  CHECK(conflict.body == R"({"error":"run 1 has succeeded"})");
  CHECK(house.post("/api/v1/runs/99/cancel").status == 404);
  CHECK(house.post("/api/v1/runs/2/retry").status == 202);
  CHECK(house.post("/api/v1/runs/2/retry", R"({"allow_rollback":true,"rebuild":true})").status == 202);
  for (const char* body : {"[]", "{", "{\"rebuild\":1}", "{\"force\":true}", "null"}) CHECK(house.post("/api/v1/runs/2/retry", body).status == 400);
  CHECK(house.post("/api/v1/templates/backend/release").status == 202);
  const auto unknown = house.post("/api/v1/templates/backent/release");
  CHECK(unknown.status == 404);
  CHECK_THAT(unknown.body, Catch::Contains("did you mean \\\"backend\\\"?"));
  CHECK(house.control.calls == std::vector<std::string>{"cancel 3", "cancel 1", "cancel 99", "retry 2", "retry 2 rollback rebuild", "release backend"});
}

TEST_CASE("templates are shown with their holds, drift with its findings") {
  House house;
  house.reader.held.push_back(queue::Hold());
  house.reader.held[0].template_name = TemplateName("backend");
  house.reader.held[0].why = "reverted by hand";
  const auto all = json(house.get("/api/v1/templates"));
  CHECK(text_of(all["templates"][0]["hold"]["why"]) == "reverted by hand");
  CHECK(text_of(json(house.get("/api/v1/templates/backend"))["pipeline"]) == "springboot");
  CHECK(house.get("/api/v1/templates/nothing").status == 404);
  CHECK(house.get("/api/v1/drift").body == R"({"state":"differs","findings":["Argo CD reads another repository"],"mirrors":[]})");
}

TEST_CASE("a delivery is shown with its verdict, its body on request, and without credentials") {
  House house;
  queue::StoredDelivery delivery;
  delivery.id = DeliveryId("a/b");
  delivery.number = 7;
  delivery.headers = {{"X-Gitea-Event", {"push"}}, {"Authorization", {"Bearer hunter2"}}};
  delivery.body = "{}";
  delivery.verdict = R"({"runs":[{"template":"backend","trigger":"b"}],"skipped":[]})";
  house.reader.stored.push_back(delivery);
  const auto shown = house.get("/api/v1/deliveries/a%2Fb");
  CHECK(text_of(json(shown)["verdict"]["runs"][0]["template"]) == "backend");
  CHECK(text_of(json(shown)["headers"]["X-Gitea-Event"][0]) == "push");
  CHECK_FALSE(json(shown).HasMember("body"));
  CHECK_THAT(shown.body, !Catch::Contains("hunter2"));
  CHECK(text_of(json(house.get("/api/v1/deliveries/a%2Fb?body=1"))["body"]) == "e30=");
  CHECK(text_of(json(house.get("/api/v1/deliveries?limit=1"))["next"]) == "7");
  CHECK(house.get("/api/v1/deliveries/other").status == 404);
  for (const std::string list : {"deliveries", "runs"}) {
    CHECK(house.get("/api/v1/" + list + "?commit=main").status == 400);
    CHECK(house.get("/api/v1/" + list + "?commit=0853EB5C").status == 200);
  }
}

TEST_CASE("events reach who watches") {
  House house;
  RawClient client(house.port());
  client.send(House::text("GET", "/api/v1/events"));
  CHECK(client.wait_for("text/event-stream"));
  CHECK(client.wait_for(": slipway"));
  house.loop.call([&] { house.events.publish("run", "{\"id\":7}"); });
  CHECK(client.wait_for("event: run\ndata: {\"id\":7}\n\n"));
}

TEST_CASE("figures are there, also when the database is not") {
  House house;
  CHECK_THAT(house.get("/metrics").body, Catch::Contains("slipway_runs{state=\"queued\"} 2\n") && Catch::Contains("slipway_database_up 1\n"));
  house.loop.call([&] { house.reader.broken = true; });
  CHECK_THAT(house.get("/metrics").body, Catch::Contains("slipway_database_up 0\n") && Catch::Contains("slipway_resident_bytes "));
  CHECK(house.get("/api/v1/runs").status == 503);
}

TEST_CASE("what is not there, and methods that are not taken") {
  House house;
  CHECK_THAT(house.get("/", "").body, Catch::Contains("no dashboard"));
  CHECK(house.get("/", "").status == 404);
  CHECK(house.get("/api/v1/nothing").status == 404);
  const auto wrong = house.post("/api/v1/runs");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "GET");
  CHECK(house.get("/api/v1/runs/3/cancel").header("Allow") == "POST");
  RawClient client(house.port());
  client.send("HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(client.wait_for("200 OK"));
  CHECK_FALSE(client.wait_for("\"ok\""));
}

TEST_CASE("the description names every route, and nothing else") {
  const YAML::Node paths = YAML::Load(std::string(http::openapi_text()))["paths"];
  std::vector<std::string> described, served;
  for (const auto& path : paths) {
    std::string pattern = path.first.as<std::string>();
    const auto open = pattern.find('{');
    if (open != std::string::npos) pattern.replace(open, pattern.find('}') - open + 1, "{}");
    for (const auto& method : path.second) {
      if (method.first.as<std::string>() != "parameters") described.push_back(method.first.as<std::string>() + " " + pattern);
    }
  }
  for (const http::Route& route : http::operator_routes()) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    served.push_back(method + " " + std::string(route.path));
  }
  std::sort(described.begin(), described.end());
  std::sort(served.begin(), served.end());
  CHECK(described == served);
  House house;
  CHECK(house.get("/api/v1/openapi.yaml").body == http::openapi_text());
}

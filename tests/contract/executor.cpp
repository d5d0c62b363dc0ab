// What every executor has to do, asked of the local one with a real buildah and a real registry.
#include "build/executor.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "build/http_registry.hpp"
#include "build/inputs.hpp"
#include "build/local/executor.hpp"
#include "build/run_logs.hpp"
#include "support/registry.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace slipway::build;
namespace fs = std::filesystem;

namespace {

test::Registry& registry_server() {
  static test::Registry server;
  return server;
}

std::string busybox() { return registry_server().busybox(); }

/// An executor on a fresh state directory, and everything around it.
struct Fixture {
  explicit Fixture(fs::path state_dir = fs::path(), fs::path auth_file = registry_server().auth_file())
      : state(state_dir.empty() ? own.path() / "state" : std::move(state_dir)) {
    fs::create_directories(state);
    fs::create_directories(source());
    settings.host = registry_server().host();
    settings.auth_file = std::move(auth_file);
    settings.insecure = true;
    http.emplace(client, settings);
    LocalParts parts(processes, *http, pool, time, Log());
    parts.state = state;
    parts.registry_settings = settings;
    executor.emplace(std::move(parts));
    logs.emplace(state / "logs", 1 << 20, time);
  }
  ~Fixture() { pool.join(); }

  fs::path source() const { return own.path() / "source"; }

  /// An order for the files given; its Dockerfile begins with the base image.
  BuildOrder order(const std::string& steps, const std::string& name = "app") const {
    // Every fixture has images of its own in the registry that they share.
    const std::string app = name + "-" + std::to_string(number);
    test::write_file(source() / "Dockerfile", "FROM " + busybox() + "\n" + steps);
    BuildOrder order;
    order.run = RunId(7);
    order.template_name = TemplateName(app + "-build-template");
    order.repository = RepoName("Lumie-Edu/" + app);
    order.source_url = "http://git.example/Lumie-Edu/" + app + ".git";
    order.commit = CommitSha("04758206" + std::string(32, 'a'));
    order.commit_time = Clock::time_point(std::chrono::seconds(1'700'000'000));
    order.source = source();
    order.image = registry_server().host() + "/applications/" + app;
    order.tag = "04758206";
    order.timeout = std::chrono::minutes(2);
    return order;
  }

  Check check(std::vector<std::string> command) const {
    Check check;
    check.name = "app-test";
    check.image = busybox();
    check.command = std::move(command);
    return check;
  }

  BuildOutcome run(const BuildOrder& order) {
    stages.clear();
    const auto log = logs->begin(order.run, [this](const StageRecord& record) { stages.push_back(record); });
    auto outcome = test::run_coroutine(loop, executor->check_and_build(order, *log));
    UNSCOPED_INFO(log_text(order.run));
    return outcome;
  }

  /// Runs it, and cancels when the log has a line that ends with `mark`.
  BuildOutcome run_and_cancel_at(const BuildOrder& order, const std::string& mark) {
    const auto log = logs->begin(order.run, [this](const StageRecord& record) { stages.push_back(record); });
    asio::cancellation_signal cancel;
    std::optional<BuildOutcome> outcome;
    std::exception_ptr error;
    const auto work = [&]() -> Task<> {
      auto end = co_await executor->check_and_build(order, *log);
      outcome = std::move(end);
    };
    const auto watch = [&]() -> Task<> {
      while (log_text(order.run).find(mark) == std::string::npos) {
        co_await logs->wait_for_more(order.run, logs->size(order.run));
      }
      cancel.emit(asio::cancellation_type::terminal);
    };
    asio::co_spawn(loop, work(), asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { error = e; }));
    asio::co_spawn(loop, watch(), [](std::exception_ptr) {});
    loop.restart();
    while (!outcome && !error) loop.run_one();
    if (error) std::rethrow_exception(error);
    return *outcome;
  }

  std::string log_text(RunId run = RunId(7)) const { return fs::exists(logs->file(run)) ? test::read_file(logs->file(run)) : ""; }

  /// The texts of the log's lines of one stream, as the programs wrote them.
  std::string stream(const std::string& which) const {
    std::string text, line;
    std::ifstream in(logs->file(RunId(7)));
    while (std::getline(in, line)) {
      const auto at = line.find(" " + which + " ");
      if (at != std::string::npos && at < 40) text += line.substr(at + which.size() + 2) + "\n";
    }
    return text;
  }

  std::optional<Manifest> served(const BuildOrder& order, const std::string& tag) {
    return test::run_coroutine(loop, http->find(order.image, tag));
  }

  /// Nothing of a run is left: no process in its groups, no mount, no working container, no folder.
  void check_nothing_left() {
    CHECK((!fs::exists(state / "work") || fs::is_empty(state / "work")));
    for (const char* controller : {"memory", "cpu", "pids", ""}) {
      const fs::path groups = fs::path("/sys/fs/cgroup") / controller / ("slipway-" + state_key(state));
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(groups, none)) {
        CHECK_FALSE(entry.path().filename().string().starts_with("run-"));
      }
    }
    CHECK(test::read_file("/proc/self/mountinfo").find(state.string()) == std::string::npos);
    const auto slot = state / "build/slot-0";
    if (!fs::exists(slot / "root")) return;
    CHECK(test::succeed({"buildah", "--root", (slot / "root").string(), "--runroot", (slot / "runroot").string(),
                          "--storage-driver", "overlay", "containers", "--quiet"}) == "");
  }

  static inline int fixtures = 0;
  const int number = ++fixtures;
  test::TmpDir own;
  fs::path state;
  asio::io_context loop{1};
  asio::thread_pool pool{1};
  io::SystemTime time;
  io::SystemProcesses processes;
  io::HttpClient client;
  RegistrySettings settings;
  std::optional<HttpRegistry> http;
  std::optional<LocalExecutor> executor;
  std::optional<RunLogs> logs;
  std::vector<StageRecord> stages;
};

template <class T>
T as(const BuildOutcome& outcome) {
  INFO("outcome " << outcome.index());
  if (const auto* failed = std::get_if<Failed>(&outcome)) UNSCOPED_INFO("failed: " << failed->reason);
  if (const auto* lost = std::get_if<Lost>(&outcome)) UNSCOPED_INFO("lost: " << lost->why);
  if (const auto* late = std::get_if<TimedOut>(&outcome)) UNSCOPED_INFO("timed out: " << late->reason);
  REQUIRE(std::holds_alternative<T>(outcome));
  return std::get<T>(outcome);
}

}  // namespace

TEST_CASE("a commit becomes an image that the registry serves") {
  Fixture f;
  test::write_file(f.source() / "hello.txt", "hello\n");
  auto order = f.order("COPY hello.txt /hello.txt\nARG VERSION\nRUN echo one; echo two >&2; echo \"version $VERSION\"\n", "first");
  order.build.arguments = {{"VERSION", "1 2"}};
  const auto built = as<Built>(f.run(order));
  CHECK_FALSE(built.reused);
  CHECK(built.results.image == order.image);
  CHECK(built.results.tag == "04758206");

  const auto manifest = f.served(order, "04758206");
  REQUIRE(manifest);
  CHECK(built.results.digest == manifest->digest);
  CHECK(manifest->labels.at("org.opencontainers.image.revision") == order.commit.value());
  CHECK(manifest->labels.at("org.opencontainers.image.source") == order.source_url);
  CHECK(manifest->labels.at("org.opencontainers.image.created") == "2023-11-14T22:13:20Z");
  CHECK(manifest->labels.at("slipway.inputs") == build_inputs(order));

  const std::string out = f.stream("out");
  CHECK(out.find("one\nversion 1 2\n") != std::string::npos);
  CHECK(f.stream("err").find("two\n") != std::string::npos);
  REQUIRE(f.stages.size() == 2);
  CHECK(f.stages[1].stage == Stage::build);
  CHECK(f.stages[1].outcome == "succeeded");
  f.check_nothing_left();

  INFO("built again from nothing, the same commit gives the same digest");
  Fixture other;
  test::write_file(other.source() / "hello.txt", "hello\n");
  test::write_file(other.source() / "Dockerfile", test::read_file(f.source() / "Dockerfile"));
  order.source = other.source();
  order.rebuild = true;
  const auto twin = as<Built>(other.run(order));
  CHECK(twin.results.tag == "04758206-2");
  CHECK(twin.results.digest == built.results.digest);
}

TEST_CASE("a tag that is there is taken as it is, or left alone, or stepped around") {
  Fixture f;
  const auto order = f.order("ARG VERSION\nRUN echo $VERSION > /version\n", "present");
  const auto first = as<Built>(f.run(order)).results;
  const auto again = as<Built>(f.run(order));  // the same commit with the same inputs
  CHECK(again.reused);
  CHECK(again.results == first);

  auto another = order;
  another.commit = CommitSha("04758206" + std::string(32, 'b'));
  const auto failed = as<Failed>(f.run(another));
  CHECK(failed.stage == Stage::build);
  CHECK(failed.reason.find("exists and was made from something else; it is not overwritten") != std::string::npos);

  auto changed = order;
  changed.build.arguments = {{"VERSION", "3"}};
  CHECK(as<Failed>(f.run(changed)).reason.find("made from this commit with other inputs") != std::string::npos);
  changed.rebuild = true;
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-2");
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-3");

  const std::string latest = "latest";
  test::run_coroutine(f.loop, f.http->tag(order.image, first.digest, latest));
  CHECK(f.served(order, "latest")->digest == first.digest);
  CHECK(f.served(order, "04758206")->digest == first.digest);
}

TEST_CASE("a build that fails says its last words") {
  Fixture f;
  const auto failed = as<Failed>(f.run(f.order("RUN echo before; echo it broke >&2; exit 3\n", "failing")));
  CHECK(failed.stage == Stage::build);
  CHECK(failed.reason.find("the build exited with 3: ") == 0);
  CHECK(failed.reason.find("it broke") != std::string::npos);
  CHECK_FALSE(f.served(f.order("", "failing"), "04758206"));
  CHECK(f.stages.back().outcome == "failed");
  f.check_nothing_left();
}

TEST_CASE("what the repository does not have, or leads out of it, is named") {
  Fixture f;
  auto order = f.order("", "missing");
  order.build.dockerfile = "Dockerfile.prod";
  CHECK(as<Failed>(f.run(order)).reason == "the Dockerfile `./Dockerfile.prod` is not in the repository");
  order.build.context = "../..";
  CHECK(as<Failed>(f.run(order)).reason == "the context `../..` leads out of the repository");
  order.build.context = ".";
  order.build.dockerfile = "evil";
  fs::create_symlink("/etc/passwd", f.source() / "evil");
  CHECK(as<Failed>(f.run(order)).reason == "the Dockerfile `./evil` leads out of the repository");
}

TEST_CASE("the check comes before the build, over its own copy of the source") {
  Fixture f;
  test::write_file(f.source() / "a.txt", "a\n");
  auto order = f.order("COPY . /src\nRUN ls /src\n", "checked");

  SECTION("it passes, with a report, and leaves no trace in the image") {
    order.check = f.check({"sh", "-c", "test \"$CI\" = true && cat a.txt && echo '<t><testcase name=\"x\"/><testcase name=\"y\"/></t>' > junit.xml"});
    order.check->environment = {{"CI", "true"}};
    order.check->reports = {"junit.xml"};
    as<Built>(f.run(order));
    CHECK(f.stages[1].stage == Stage::check);
    CHECK(f.stages[1].outcome == "succeeded");
    CHECK(f.stages[1].detail == "2 tests, all passed");
    CHECK_FALSE(fs::exists(f.source() / "junit.xml"));
    CHECK(f.stream("out").find("junit.xml") == std::string::npos);
  }
  SECTION("it fails: no build") {
    order.tag = "0000000a";
    order.check = f.check({"sh", "-c", "echo '<t><testcase name=\"test_total\"><failure/></testcase></t>' > junit.xml; exit 1"});
    order.check->reports = {"**/*.xml"};
    const auto failed = as<Failed>(f.run(order));
    CHECK(failed.stage == Stage::check);
    CHECK(failed.reason == "app-test failed: 1 test, 1 failed: test_total");
    CHECK_FALSE(f.served(order, order.tag));
  }
  SECTION("it fails, informational: the build goes on") {
    order.tag = "0000000b";
    order.check = f.check({"sh", "-c", "echo no >&2; exit 4"});
    order.check->mode = CheckMode::informational;
    as<Built>(f.run(order));
    CHECK(f.stages[1].outcome == "failed");
    CHECK(f.stages[1].detail == "informational, the build goes on: the command exited with 4: no");
  }
  SECTION("it never ends: it is ended, and has failed") {
    order.check = f.check({"sleep", "1000"});
    order.check->timeout = std::chrono::seconds(1);
    CHECK(as<Failed>(f.run(order)).reason == "app-test failed: it did not finish within 1 s");
  }
  SECTION("a program that is not in the image is no success") {
    order.check = f.check({"pytest"});
    CHECK(as<Failed>(f.run(order)).stage == Stage::check);
  }
  SECTION("an image that is not there") {
    order.check = f.check({"true"});
    order.check->image = registry_server().host() + "/base/nothing:1";
    CHECK(as<Failed>(f.run(order)).reason.find("app-test failed: the check image " + order.check->image + " can not be had") == 0);
  }
  f.check_nothing_left();
}

TEST_CASE("a check's caches are kept between runs, one template's not for another") {
  Fixture f;
  auto order = f.order("", "cached");
  order.check = f.check({"sh", "-c", "cat $HOME/.cache/pip/seen || echo nothing; echo warm > $HOME/.cache/pip/seen; echo x > $HOME/y"});
  order.check->caches = {".cache/pip"};
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("warm\n") != std::string::npos);
  order.template_name = TemplateName("another");
  order.rebuild = true;
  f.logs->remove(RunId(7));
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
}

TEST_CASE("what RUN --mount=type=cache mounts is kept between runs, and layers are") {
  Fixture f;
  auto order = f.order("RUN echo a layer that stays\nCOPY input /input\n"
                       "RUN --mount=type=cache,target=/cache cat /cache/seen || echo nothing; echo warm > /cache/seen\n", "kept");
  test::write_file(f.source() / "input", "one");
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
  test::write_file(f.source() / "input", "two");
  order.rebuild = true;
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("warm\n") != std::string::npos);
  CHECK(f.stream("out").find("Using cache") != std::string::npos);
}

TEST_CASE("a check is prepared first, and a preparation that fails is named") {
  Fixture f;
  auto order = f.order("RUN true\n", "prepared");
  order.check = f.check({"cat", "/made"});
  order.check->prepare = {{"touch", "/made"}, {"sh", "-c", "echo ready > /made"}};
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("ready\n") != std::string::npos);
  order.check->prepare = {{"sh", "-c", "echo no such package >&2; exit 2"}};
  order.rebuild = true;
  CHECK(as<Failed>(f.run(order)).reason == "app-test failed: `sh`, to prepare it, exited with 2: no such package");
}

TEST_CASE("a run that takes too long is ended with everything it started") {
  Fixture f;
  auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "slow");
  order.timeout = std::chrono::seconds(3);
  const auto late = as<TimedOut>(f.run(order));
  CHECK(late.stage == Stage::build);
  CHECK(late.reason == "the build was ended: the run's limit is 3 s");
  f.check_nothing_left();
}

TEST_CASE("cancelling ends the whole process tree first") {
  Fixture f;
  auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "cancelled");
  SECTION("in the check") {
    order.check = f.check({"sh", "-c", "sleep 1000 & echo started; sleep 1000"});
    as<Cancelled>(f.run_and_cancel_at(order, " out started\n"));
    CHECK(f.stages.back().stage == Stage::check);
  }
  SECTION("while the check image is fetched") {
    order.check = f.check({"true"});
    as<Cancelled>(f.run_and_cancel_at(order, " check note begins\n"));
  }
  SECTION("in the build") {
    as<Cancelled>(f.run_and_cancel_at(order, " out started\n"));
    CHECK(f.stages.back().stage == Stage::build);
  }
  SECTION("before the builder") { as<Cancelled>(f.run_and_cancel_at(order, " build note begins\n")); }
  CHECK(f.stages.back().outcome == "cancelled");
  f.check_nothing_left();

  // The slot is as good as new.
  CHECK_NOTHROW(as<Built>(f.run(f.order("RUN true\n", "cancelled"))));
}

TEST_CASE("what a killed daemon leaves behind is reclaimed") {
  Fixture f;
  const auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "killed");
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    // A process of its own, with nothing shared but the state directory.
    Fixture child(f.state);
    test::write_file(child.source() / "Dockerfile", test::read_file(f.source() / "Dockerfile"));
    auto mine = order;
    mine.source = child.source();
    child.run(mine);
    ::_exit(1);
  }
  asio::steady_timer timer(f.loop);
  while (f.log_text().find(" out started\n") == std::string::npos) {
    timer.expires_after(std::chrono::milliseconds(20));
    timer.wait();
  }
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);

  const std::vector<RunId> runs{RunId(7)};
  test::run_coroutine(f.loop, f.executor->reclaim(runs));
  f.check_nothing_left();
  CHECK_NOTHROW(as<Built>(f.run(f.order("RUN true\n", "killed"))));
}

TEST_CASE("a registry that says no is this run's failure, with its words") {
  Fixture f(fs::path(), registry_server().wrong_auth_file());
  const auto failed = as<Failed>(f.run(f.order("RUN true\n", "refused")));
  CHECK(failed.reason.find("answered 401") != std::string::npos);
  CHECK(failed.reason.find("UNAUTHORIZED: authentication required") != std::string::npos);
  f.check_nothing_left();
}

TEST_CASE("a registry that can not be reached is worth another try") {
  Fixture f;
  const auto order = f.order("RUN true\n", "unreachable");
  registry_server().stop();
  CHECK_THROWS_AS(f.run(order), Unavailable);
  CHECK(f.stages.back().outcome == "interrupted");
  registry_server().start();
  f.check_nothing_left();
  as<Built>(f.run(order));
}

TEST_CASE("memory is limited, and the limit is named") {
  Fixture f;
  auto order = f.order("RUN head -c 300000000 /dev/zero | tail > /dev/null\n", "hungry");
  order.resources.memory_limit = 64ull << 20;
  const auto failed = as<Failed>(f.run(order));
  CHECK(failed.reason == "the build was ended by its memory limit of 64 MiB");
  f.check_nothing_left();
}

TEST_CASE("a build sees the secrets that its pipeline names, and no others; none is in its log") {
  Fixture f;
  test::write_file(f.own / "npm-token", "npm-s3cret\n");
  auto order = f.order(
      "RUN --mount=type=secret,id=npm,target=/run/secrets/npm cat /run/secrets/npm; ls /run/secrets; env\n"
      "RUN ls /run/secrets 2>/dev/null | wc -l; find / -name config.json -o -name auth.json 2>/dev/null | grep -v ^/proc | wc -l\n",
      "secrets");
  SecretMount npm;
  npm.id = "npm";
  npm.file = (f.own / "npm-token").string();
  order.build.secrets = {npm};
  order.check = f.check({"sh", "-c", "cat /run/secrets/npm; base64 /run/secrets/npm; env"});
  as<Built>(f.run(order));
  const std::string log = f.log_text();
  CHECK(log.find("npm-s3cret") == std::string::npos);
  CHECK(log.find("bnBtLXMzY3JldA") == std::string::npos);
  CHECK(log.find("check out ***\n") != std::string::npos);
  CHECK(log.find("build out ***\n") != std::string::npos);
  CHECK(log.find(registry_server().password()) == std::string::npos);
  CHECK(log.find("AUTH") == std::string::npos);
  CHECK(f.stream("out").find("\n0\n0\n") != std::string::npos);
}

TEST_CASE("root in a build can neither make devices nor leave its root") {
  Fixture f;
  const auto order = f.order("RUN mknod /x b 254 0 2>&1; chroot / true 2>&1; grep CapEff /proc/self/status; ls /proc | grep -c '^[0-9]'\n",
                             "caged");
  as<Built>(f.run(order));
  const std::string out = f.stream("out");
  CHECK(out.find("chroot: can't change root directory to '/': Operation not permitted") != std::string::npos);
  const auto caps = out.find("CapEff:\t");
  REQUIRE(caps != std::string::npos);
  const auto bits = std::stoull(out.substr(caps + 8, 16), nullptr, 16);
  CHECK((bits >> 27 & 1) == 0);  // CAP_MKNOD
  CHECK((bits >> 18 & 1) == 0);  // CAP_SYS_CHROOT
  CHECK((bits >> 21 & 1) == 0);  // CAP_SYS_ADMIN
}

TEST_CASE("the executor tells how limits are enforced here") {
  Fixture f;
  const auto facts = test::run_coroutine(f.loop, f.executor->facts());
  REQUIRE(facts.size() == 3);
  CHECK(facts[0].find("limits by ") == 0);
  WARN(facts[0] << "; " << facts[1] << "; " << facts[2]);
}

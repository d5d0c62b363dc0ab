#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "build/http_registry.hpp"
#include "build/local/executor.hpp"
#include "build/run_logs.hpp"
#include "support/registry.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

// An executor with a real buildah and a real registry, for the contract's test programs.

namespace slipway::test {

using namespace slipway::build;
namespace fs = std::filesystem;

inline test::Registry& registry_server() {
  static test::Registry server;
  return server;
}

inline std::string busybox() { return registry_server().busybox(); }

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
    start();
    logs.emplace(state / "logs", 1 << 20, time);
  }
  ~Fixture() { pool.join(); }

  /// An executor with the present settings.
  void start() {
    LocalParts parts(processes, *http, pool, time, Log());
    parts.state = state;
    parts.registry_settings = settings;
    parts.builder = settings_of_builder;
    parts.newest_images = newest_images;
    executor.emplace(std::move(parts));
  }

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

  /// How many images the only slot's store has.
  std::size_t stored_images() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(state / "build/slot-0/root")) {
      if (!entry.path().filename().string().ends_with("-images")) continue;
      const std::string records = test::read_file(entry.path() / "images.json");
      for (auto at = records.find("\"names-history\""); at != std::string::npos; at = records.find("\"names-history\"", at + 1)) ++count;
    }
    return count;
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
  BuilderSettings settings_of_builder;
  std::size_t newest_images = 100;
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

}  // namespace slipway::test

#include "run/dispatcher.hpp"

#include <fstream>

#include "workshop.hpp"

using namespace slipway;
using test::FakeSources;
using test::Workshop;
using namespace std::chrono_literals;

namespace {

/// A dispatcher at work on what the test accepts.
struct Dispatched : Workshop {
  Dispatched() {
    schedule::RetryPolicy retries;
    retries.retries = 1;
    dispatcher.use(std::shared_ptr<run::Performer>(&performer, [](run::Performer*) {}), catalogue, retries);
    services.spawn("runs", dispatcher.serve());
  }
  ~Dispatched() {
    services.stop();
    get(dispatcher.drain(0s));
    get(dispatcher.put_back());
    end();
  }
  Run run_of(RunId id) { return get(store.reader->run(id)).value(); }
  void until_it_is(RunId id, RunState state) {
    until([&] { return run_of(id).state == state; });
  }
  /// Until that try is over: what is counted from the clock then is not moved by it any more.
  void until_it_waits(RunId id, int tries = 1) {
    until([&] {
      const Run run = run_of(id);  // once: it may be started between two looks
      return run.state == RunState::queued && run.attempts == tries && dispatcher.running() == 0;
    });
  }

  build::RunLogs logs{folder / "logs", 1 << 20, time};
  run::Dispatcher dispatcher{*store.queue, logs, time, loop.get_executor(), Log()};
};

}  // namespace

TEST_CASE("the work's own failure ends a run at once") {
  Dispatched team;
  const RunId run = team.accept("1", 'a', 'b').runs.at(0).run;
  team.until_it_is(run, RunState::failed);
  CHECK(team.run_of(run).reason == "exit 1");
  CHECK(team.run_of(run).attempts == 1);
}

TEST_CASE("a server that is away is waited for as long as patience lasts, and a person goes on where it stopped") {
  Dispatched team;
  team.sources.unreachable = "connection refused";
  const RunId run = team.accept("1", 'a', 'x').runs.at(0).run;
  team.until_it_waits(run);
  CHECK(team.run_of(run).waiting_for == WaitingFor::git);
  CHECK(team.run_of(run).reason == "connection refused");
  for (int tries = 2; tries < 6; ++tries) {
    team.time.advance(5min);
    team.until_it_waits(run, tries);
  }
  team.time.advance(24h);
  team.until_it_is(run, RunState::failed);
  CHECK_THAT(team.run_of(run).reason, Catch::Contains("given up after 6 tries") && Catch::Contains("slipway retry 1"));
}

TEST_CASE("a run that was cancelled does not come back when its server breaks the connection") {
  Dispatched team;
  team.executor.hangs = true;
  team.executor.unreachable = "connection reset";
  const RunId run = team.accept("1", 'a', 'b').runs.at(0).run;
  team.until([&] { return !team.executor.built.empty(); });
  REQUIRE_FALSE(team.get(team.dispatcher.cancel(run)));
  team.executor.hangs = false;
  team.until_it_is(run, RunState::cancelled);
  CHECK(team.run_of(run).reason == "a person cancelled it");
}

TEST_CASE("a full disk is waited for as long as patience lasts, whatever the number of tries") {
  Dispatched team;
  team.executor.no_room = "no space left on device";
  const RunId run = team.accept("1", 'a', 'b').runs.at(0).run;
  for (int tries = 1; tries < 6; ++tries) {
    team.until_it_waits(run, tries);
    CHECK(team.run_of(run).waiting_for == WaitingFor::disk);
    CHECK(team.run_of(run).reason == "no space left on device");
    if (tries == 5) team.executor.no_room.clear();
    team.time.advance(5min);
  }
  team.until_it_is(run, RunState::failed);
  CHECK(team.run_of(run).reason == "exit 1");
}

TEST_CASE("a run that cannot tell what it does waits, and keeps no slot") {
  Dispatched team;
  std::filesystem::remove_all(team.folder / "logs");
  std::ofstream(team.folder / "logs") << "no folder";
  const RunId run = team.accept("1", 'a', 'b').runs.at(0).run;
  team.until_it_waits(run);
  CHECK(team.run_of(run).waiting_for == WaitingFor::retry);
  CHECK(team.dispatcher.running() == 0);
  std::filesystem::remove(team.folder / "logs");
  std::filesystem::create_directory(team.folder / "logs");
  team.time.advance(10s);
  team.until_it_is(run, RunState::failed);
  CHECK(team.executor.built == std::vector{FakeSources::named('b')});
}

#include "run/reconciler.hpp"

#include <algorithm>

#include "team.hpp"

using namespace slipway;
using test::FakeSources;
using test::Team;
using namespace std::chrono_literals;

namespace {

/// Two repositories, both at b, which changes something.
struct Watched : Team {
  explicit Watched(const test::Templates& templates = {{"t", "Org/a"}, {"u", "Org/b"}}) : Team(templates) {
    sources.add('a', {});
    sources.add('b', {FakeSources::named('a')});
    ChangedCommit commit;
    commit.id = FakeSources::named('b');
    commit.modified = {"app/main.py"};
    sources.changes = {commit};
    completer.use(matcher, 1000, 24h);
    reconciler.use(matcher, 1000);
  }
  ~Watched() { end(); }
  void serve() { services.spawn("reconciler", reconciler.serve(600s)); }
  /// Until it sleeps, and then for so long.
  void sleep(Clock::duration duration) {
    until([&] { return time.sleepers() == 1; });
    time.advance(duration);
    until([&] { return time.sleepers() == 0; });
    until([&] { return time.sleepers() == 1; });
  }
  /// Looks twice. At first the server answers that it is at a, and before it is looked where the branch was seen the delivery of b comes.
  void serve_while_b_comes(const std::string& id) {
    sources.heads["refs/heads/main"] = FakeSources::named('a');
    sources.after_fetch = [this, id]() -> Task<> { co_await accepting(id, 'a', 'b'); };
    serve();
    until([&] { return time.sleepers() == 1; });
    sources.heads["refs/heads/main"] = FakeSources::named('b');
    sleep(600s);
  }
  std::size_t reconciled() {
    const auto all = runs();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Run& run) { return run.source == Source::reconcile; }));
  }

  run::Completer completer{*store.queue, sources, time, loop.get_executor(), Log()};
  run::Reconciler reconciler{*store.queue, sources, time, completer, Log::to_file((folder / "log").string(), LogFormat::text, LogLevel::warn)};
};

}  // namespace

TEST_CASE("what was missed of all repositories is caught up with after one wait") {
  Watched watched;
  watched.accept("1", 'x', 'a', "t", "Org/a");
  watched.accept("2", 'x', 'a', "u", "Org/b");
  watched.serve();
  watched.sleep(10s);
  CHECK(watched.reconciled() == 2);
  CHECK(watched.seen("Org/a") == FakeSources::named('b'));
  CHECK(watched.seen("Org/b") == FakeSources::named('b'));
}

TEST_CASE("a branch that is seen for the first time is noted, and not built") {
  Watched watched;
  watched.serve();
  watched.until([&] { return watched.time.sleepers() == 1; });
  CHECK(watched.runs().empty());
  CHECK(watched.seen() == FakeSources::named('b'));
}

TEST_CASE("a branch that was forced back while nobody listened is caught up with") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.sources.heads["refs/heads/main"] = FakeSources::named('a');
  watched.accept("1", 'a', 'b');
  watched.serve();
  watched.sleep(10s);
  CHECK(watched.reconciled() == 1);
  CHECK(watched.seen() == FakeSources::named('a'));
}

TEST_CASE("a delivery that comes meanwhile is not made up for") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.accept("1", 'x', 'a');
  watched.serve();
  watched.until([&] { return watched.time.sleepers() == 1; });
  watched.accept("2", 'a', 'b');
  watched.sleep(10s);
  CHECK(watched.reconciled() == 0);
}

TEST_CASE("a delivery that comes while the server is asked is ahead of the answer, not forced back by it") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.accept("1", 'x', 'a');
  watched.serve_while_b_comes("2");
  CHECK(watched.reconciled() == 0);
  CHECK(watched.seen() == FakeSources::named('b'));
}

TEST_CASE("so is the first delivery of all") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.serve_while_b_comes("1");
  CHECK(watched.reconciled() == 0);
  CHECK(watched.seen() == FakeSources::named('b'));
}

TEST_CASE("a branch is not compared while it is not sure where it was seen") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.accept("1", 'x', 'a');
  watched.accept("2", 'y', 'a', "");  // after a gap: to be completed
  watched.serve();
  watched.sleep(10s);
  CHECK(watched.reconciled() == 0);
  watched.get(watched.store.queue->complete(DeliveryId("2"), Verdict()));
  watched.sleep(15s);  // it looks again soon
  watched.sleep(10s);
  CHECK(watched.reconciled() == 1);
}

TEST_CASE("a server that cannot be asked is asked again before long") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.accept("1", 'x', 'a');
  watched.sources.unreachable = "connection refused";
  watched.serve();
  watched.sleep(15s);
  watched.sources.unreachable.clear();
  watched.sleep(30s);
  watched.sleep(10s);
  CHECK(watched.reconciled() == 1);
}

TEST_CASE("why a server cannot be asked is said once") {
  Watched watched(test::Templates{{"t", "Org/a"}});
  watched.accept("1", 'x', 'a');
  watched.sources.unreachable = "connection refused";
  watched.serve();
  for (int looks = 0; looks < 3; ++looks) watched.sleep(600s);
  watched.sources.unreachable = "no such host";
  watched.sleep(600s);
  const std::string log = test::read_file(watched.folder / "log");
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);
  CHECK_THAT(log, Catch::Contains("connection refused") && Catch::Contains("no such host"));
}

TEST_CASE("of a pattern those repositories are watched that ever sent a push, although their runs are history") {
  Watched watched(test::Templates{{"t", "Org/*"}});
  const auto built = watched.accept("1", 'x', 'a', "t", "Org/built");
  watched.accept("2", 'x', 'a', "", "Org/other");
  watched.accept("3", 'x', 'a', "", "Foreign/app");
  watched.get(watched.store.queue->cancel_queued(built.runs.at(0).run));
  watched.get(watched.store.queue->forget({built.runs.at(0).run}));
  watched.serve();
  watched.sleep(10s);
  CHECK(watched.seen("Org/built") == FakeSources::named('b'));
  CHECK(watched.seen("Org/other") == FakeSources::named('b'));
  CHECK(watched.seen("Foreign/app") == FakeSources::named('a'));
}

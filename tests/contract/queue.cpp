// What every Queue promises (server/queue/queue.hpp). The factory is the only line that names a back-end.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "queue/open.hpp"
#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

namespace {

using namespace slipway;
using namespace std::chrono_literals;
using queue::Answer;
using queue::Lease;
using test::run_coroutine;

/// A commit by a short name: `a` is aaaa…
CommitSha sha(char digit) { return CommitSha(std::string(40, digit)); }
CommitSha sha_of(int number) {
  char text[41];
  std::snprintf(text, sizeof text, "%040x", number);
  return CommitSha(text);
}

Delivery push(const std::string& id, CommitSha before, CommitSha after, const std::string& repository = "Org/app") {
  Delivery delivery;
  delivery.id = DeliveryId(id);
  delivery.push.repository = RepoName(repository);
  delivery.push.ref = "refs/heads/main";
  delivery.push.before = std::move(before);
  delivery.push.after = std::move(after);
  delivery.body = std::make_shared<std::string>("{\"after\":\"" + delivery.push.after.value() + "\"}");
  delivery.body_sha256 = std::string(64, '1');
  delivery.headers["X-Gitea-Event"].push_back("push");
  delivery.headers["Accept"] = {"one", "two"};
  delivery.target = "/hooks?x=1";
  delivery.received = Clock::time_point(std::chrono::seconds(1'700'000'000));
  return delivery;
}

Verdict matches(const std::vector<std::string>& templates) {
  Verdict verdict;
  for (const auto& name : templates) {
    RunRequest& run = verdict.runs.emplace_back();
    run.template_name = TemplateName(name);
    run.trigger = "on-" + name;
    run.parameters = {{"git-revision", "x"}, {"quote\"", "line\nbreak ü"}};
  }
  verdict.skipped.emplace_back("other", "no path matches");
  return verdict;
}

/// A queue in a folder of its own, with a clock that the test moves.
struct World {
  World() { open(); }
  explicit World(const queue::Options& wanted) : options(wanted) { open(); }
  ~World() { close(); }

  void open() {
    loop = std::make_unique<asio::io_context>(1);
    auto both = queue::open_sqlite(dir / "state", options, loop->get_executor(), time, Log());
    queue = std::move(both.queue);
    reader = std::move(both.reader);
  }
  void close() {
    queue.reset();
    reader.reset();
    loop.reset();
  }
  void reopen() {
    close();
    open();
  }
  template <class T>
  T get(Task<T> task) {
    return run_coroutine(*loop, std::move(task));
  }

  queue::Accepted accept(const Delivery& delivery, const Verdict& verdict) { return get(queue->accept(delivery, verdict)); }
  std::optional<queue::Claim> claim() { return get(queue->claim()); }
  bool finish(const Lease& lease, const RunOutcome& outcome) { return get(queue->finish(lease, outcome)); }
  Run run(RunId id) { return get(reader->run(id)).value(); }
  RunState state(RunId id) { return run(id).state; }

  test::TmpDir dir;
  test::ManualTime time;
  queue::Options options;
  std::unique_ptr<asio::io_context> loop;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<queue::RunReader> reader;
};

BuildResults results() {
  BuildResults made;
  made.image = "zot/app";
  made.tag = "aaaaaaaa";
  made.digest = Digest("sha256:" + std::string(64, 'd'));
  return made;
}

const RunOutcome done = HandedOff(sha('f'));

}  // namespace

TEST_CASE("an accepted push is on disk with its runs, its bytes and its verdict") {
  World world;
  const auto accepted = world.accept(push("one", sha('a'), sha('b')), matches({"t1", "t2"}));
  REQUIRE(accepted.runs.size() == 2);
  CHECK_FALSE(accepted.duplicate);
  CHECK_FALSE(accepted.gap);
  world.reopen();
  const Run run = world.run(accepted.runs[1].run);
  CHECK(run.template_name == TemplateName("t2"));
  CHECK(run.commit == sha('b'));
  CHECK(run.repository == RepoName("Org/app"));
  CHECK(run.ref == "refs/heads/main");
  CHECK(run.delivery == DeliveryId("one"));
  CHECK(run.state == RunState::queued);
  CHECK(run.parameters.at("quote\"") == "line\nbreak ü");
  const auto stored = world.get(world.reader->delivery(DeliveryId("one"))).value();
  CHECK(stored.body == *push("one", sha('a'), sha('b')).body);
  CHECK(stored.headers == push("one", sha('a'), sha('b')).headers);
  CHECK(stored.target == "/hooks?x=1");
  CHECK(stored.before == sha('a'));
  CHECK(stored.runs == 2);
  CHECK(stored.verdict ==
        R"({"runs":[{"template":"t1","trigger":"on-t1"},{"template":"t2","trigger":"on-t2"}],)"
        R"("skipped":[{"trigger":"other","reason":"no path matches"}]})");
}

TEST_CASE("a push makes its runs once, however it comes again") {
  struct Row {
    const char* what;
    Delivery again;
    bool duplicate;
  };
  auto other_body = push("one", sha('b'), sha('c'));
  other_body.body_sha256 = std::string(64, '2');
  const std::vector<Row> rows = {
      {"the same id and body", push("one", sha('a'), sha('b')), true},
      {"the same push under a new id", push("two", sha('a'), sha('b')), true},
      {"the same id with another body", other_body, false},
      {"another repository", push("two", sha('a'), sha('b'), "Org/other"), false},
      {"the next push", push("two", sha('b'), sha('c')), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    World world;
    const auto first = world.accept(push("one", sha('a'), sha('b')), matches({"t"}));
    world.reopen();
    const auto again = world.accept(row.again, matches({"t"}));
    CHECK(again.duplicate == row.duplicate);
    REQUIRE(again.runs.size() == 1);
    CHECK((again.runs[0].run == first.runs[0].run) == row.duplicate);
    CHECK(again.delivery.empty() == false);
    CHECK(world.get(world.reader->runs(queue::RunFilter())).size() == (row.duplicate ? 1 : 2));
  }
}

TEST_CASE("A to B, back to A and again to B are three pushes") {
  World world;
  std::set<RunId> runs;
  runs.insert(world.accept(push("1", sha('a'), sha('b')), matches({"t"})).runs[0].run);
  runs.insert(world.accept(push("2", sha('b'), sha('a')), matches({"t"})).runs[0].run);
  runs.insert(world.accept(push("3", sha('a'), sha('b')), matches({"t"})).runs[0].run);
  CHECK(runs.size() == 3);
  CHECK(world.accept(push("4", sha('a'), sha('b')), matches({"t"})).duplicate);
}

TEST_CASE("a duplicate is answered with the present states of the first runs") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto claim = world.claim().value();
  world.finish(claim.lease, RunOutcome(Failed(Stage::build, "exit 1")));
  const auto again = world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  CHECK(again.runs.at(0).state == RunState::failed);
  CHECK(again.runs.at(0).reason == "exit 1");
}

TEST_CASE("a broken chain makes a delivery pending, to be compared with where the branch was last seen") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto late = world.accept(push("2", sha('c'), sha('d')), matches({"t"}));
  CHECK(late.gap);
  CHECK(late.pending);
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10));
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].base == sha('b'));
  CHECK(pending[0].gap);
  CHECK(pending[0].delivery.id == DeliveryId("2"));
  CHECK(pending[0].delivery.push.before == sha('c'));
  CHECK(*pending[0].delivery.body == *push("2", sha('c'), sha('d')).body);
  CHECK_FALSE(world.accept(push("3", sha('d'), sha('e')), matches({})).gap);
}

TEST_CASE("a gap makes nothing pending where commits are not completed, but is recorded") {
  queue::Options options;
  options.complete_commits = false;
  World world(options);
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto late = world.accept(push("2", sha('c'), sha('d')), matches({"t"}));
  CHECK(late.gap);
  CHECK_FALSE(late.pending);
}

TEST_CASE("completing a delivery makes the missing runs, once") {
  World world;
  Verdict incomplete = matches({"t1"});
  incomplete.pending = true;
  const auto first = world.accept(push("1", sha('a'), sha('b')), incomplete);
  CHECK(first.pending);
  const auto claim = world.claim().value();
  world.finish(claim.lease, done);
  const std::vector<RunId> old = {claim.lease.run};
  world.get(world.queue->forget(old));  // the first run is history by now
  world.reopen();
  const auto made = world.get(world.queue->complete(DeliveryId("1"), matches({"t1", "t2"})));
  REQUIRE(made.size() == 1);
  CHECK(made[0].template_name == TemplateName("t2"));
  CHECK(world.run(made[0].run).only_when_completed);
  CHECK(world.get(world.queue->complete(DeliveryId("1"), matches({"t1", "t2"}))).empty());
  CHECK(world.get(world.queue->pending(DeliveryId(), 10)).empty());
  const auto again = world.accept(push("1", sha('a'), sha('b')), incomplete);
  REQUIRE(again.runs.size() == 2);
  CHECK(again.runs[0].template_name == TemplateName("t1"));
  CHECK_FALSE(again.runs[0].state.has_value());
  CHECK(again.runs[1].run == made[0].run);
  queue::RunFilter of_it;
  of_it.delivery = DeliveryId("1");
  CHECK(world.get(world.reader->runs(of_it)).size() == 1);
}

TEST_CASE("a push that arrives late does not move the branch back once Git has said so") {
  World world;
  world.accept(push("1", sha('a'), sha('d')), matches({}));
  world.accept(push("2", sha('b'), sha('c')), matches({}));  // late: c is an ancestor of d
  world.accept(push("3", sha('d'), sha('e')), matches({}));
  world.accept(push("4", sha('a'), sha('b')), matches({}));  // late as well
  const auto head = [&] { return world.get(world.queue->branch_heads()).at(0); };
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10));
  REQUIRE(pending.size() == 3);
  CHECK(pending[0].base == sha('d'));
  CHECK(pending[1].base == sha('c'));
  CHECK(head().after == sha('b'));
  CHECK(head().pending);
  world.get(world.queue->complete(DeliveryId("2"), Verdict(), true));
  CHECK(world.get(world.queue->pending(DeliveryId(), 10)).at(0).base == sha('d'));
  world.get(world.queue->complete(DeliveryId("3"), Verdict()));
  world.get(world.queue->complete(DeliveryId("4"), Verdict(), true));
  CHECK(head().after == sha('e'));
  CHECK_FALSE(head().pending);
  CHECK_FALSE(world.accept(push("5", sha('e'), sha('f')), matches({})).gap);
}

TEST_CASE("the same push is still recognised after it was found to be late") {
  World world;
  world.accept(push("1", sha('a'), sha('d')), matches({}));
  world.accept(push("2", sha('b'), sha('c')), matches({"t"}));
  world.get(world.queue->complete(DeliveryId("2"), Verdict(), true));
  CHECK(world.accept(push("3", sha('b'), sha('c')), matches({"t"})).duplicate);
}

TEST_CASE("a run whose commit a forced push took away is replaced by one at the head, in one step") {
  World world;
  const auto made = world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto claim = world.claim().value();
  const Parameters parameters = {{"git-revision", "c"}};
  const auto instead = world.get(world.queue->replace(claim.lease, sha('c'), parameters, "b is no longer on main"));
  REQUIRE(instead.has_value());
  CHECK(world.run(claim.lease.run).state == RunState::superseded);
  CHECK(world.run(claim.lease.run).reason == "b is no longer on main");
  const Run run = world.run(*instead);
  CHECK(run.state == RunState::queued);
  CHECK(run.commit == sha('c'));
  CHECK(run.delivery == made.delivery);
  CHECK(run.parameters == parameters);
  CHECK_FALSE(world.get(world.queue->replace(claim.lease, sha('c'), parameters, "again")));
  const auto next = world.claim().value();
  CHECK(next.lease.run == *instead);
  world.accept(push("2", sha('b'), sha('d')), matches({"t"}));
  CHECK(world.get(world.queue->replace(next.lease, sha('d'), parameters, "again")) == RunId(3));  // it is queued already
}

TEST_CASE("pending deliveries come in pages, oldest first") {
  World world;
  Verdict incomplete;
  incomplete.pending = true;
  for (int i = 1; i <= 5; ++i) world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), incomplete);
  std::vector<std::string> seen;
  DeliveryId after;
  for (auto page = world.get(world.queue->pending(after, 2)); !page.empty(); page = world.get(world.queue->pending(after, 2))) {
    for (const auto& one : page) seen.push_back(one.delivery.id.value());
    after = page.back().delivery.id;
  }
  CHECK(seen == std::vector<std::string>{"1", "2", "3", "4", "5"});
}

TEST_CASE("a record is on disk although nobody waits for it, in its place in the chain") {
  World world;
  CHECK(world.queue->record(push("1", sha('a'), sha('b')), matches({})));
  CHECK_FALSE(world.accept(push("2", sha('b'), sha('c')), matches({"t"})).gap);
  CHECK(world.queue->record(push("3", sha('c'), sha('d')), matches({})));
  world.reopen();  // a clean end writes what is on its way
  CHECK(world.get(world.reader->deliveries(queue::DeliveryFilter())).size() == 3);
  const auto heads = world.get(world.queue->branch_heads());
  REQUIRE(heads.size() == 1);
  CHECK(heads[0].after == sha('d'));
}

TEST_CASE("records have a bound") {
  queue::Options options;
  options.max_records = 3;
  options.record_delay = 1h;
  World world(options);
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += world.queue->record(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({}));
  CHECK(taken == 3);
}

TEST_CASE("a comparison of heads that a delivery has overtaken makes nothing") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  auto reconcile = push("r1", sha('b'), sha('c'));
  reconcile.source = Source::reconcile;
  const auto made = world.accept(reconcile, matches({"t"}));
  CHECK_FALSE(made.duplicate);
  CHECK(world.run(made.runs.at(0).run).source == Source::reconcile);
  auto stale = push("r2", sha('b'), sha('d'));
  stale.source = Source::reconcile;
  CHECK(world.accept(stale, matches({"t"})).duplicate);
}

TEST_CASE("the newest of a branch is claimed first, with the older ones as rivals") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  world.accept(push("2", sha('b'), sha('c')), matches({"t"}));
  world.accept(push("3", sha('c'), sha('d')), matches({"t"}));
  world.accept(push("4", sha('a'), sha('b'), "Org/other"), matches({"t"}));
  const auto claim = world.claim().value();
  CHECK(claim.run.commit == sha('d'));
  CHECK(claim.run.state == RunState::running);
  CHECK(claim.run.attempts == 1);
  REQUIRE(claim.rivals.size() == 2);
  CHECK(claim.rivals[0].commit == sha('c'));
  CHECK(claim.rivals[1].commit == sha('b'));
  CHECK_FALSE(claim.more_rivals);
  const std::vector<RunId> older = {claim.rivals[0].run, claim.rivals[1].run};
  CHECK(world.get(world.queue->supersede(older, claim.lease.run, "run 3 is newer")) == 2);
  CHECK(world.run(older[0]).state == RunState::superseded);
  CHECK(world.run(older[0]).reason == "run 3 is newer");
  CHECK(world.get(world.queue->supersede(older, claim.lease.run, "again")) == 0);
  CHECK_FALSE(world.claim());  // concurrency 1
  CHECK(world.finish(claim.lease, done));
  CHECK(world.claim()->run.repository == RepoName("Org/other"));
}

TEST_CASE("rivals beyond a page are asked for, and later ones found") {
  World world;
  for (int i = 1; i <= 100; ++i) world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({"t"}));
  const auto claim = world.claim().value();
  CHECK(claim.more_rivals);
  std::set<RunId> seen;
  for (auto page = claim.rivals; !page.empty();) {
    for (const auto& rival : page) CHECK(seen.insert(rival.run).second);
    const RunId oldest = page.back().run;
    page = world.get(world.queue->rivals(claim.lease, oldest));
  }
  CHECK(seen.size() == 99);
  CHECK(world.get(world.queue->newer_rivals(claim.lease)).empty());
  world.accept(push("new", sha_of(101), sha_of(102)), matches({"t"}));
  CHECK(world.get(world.queue->newer_rivals(claim.lease)).size() == 1);
}

TEST_CASE("a long queue is worked off to its end, every run once, over restarts") {
  World world;
  const int count = 300;  // several windows of schedule::State
  for (int i = 0; i < count; ++i) {
    const std::string repository = i % 3 == 0 ? "Org/a" : "Org/b";
    world.accept(push(std::to_string(i), sha_of(2 * i), sha_of(2 * i + 1), repository), matches({"t"}));
  }
  std::set<RunId> seen;
  for (auto claim = world.claim(); claim; claim = world.claim()) {
    CHECK(seen.insert(claim->lease.run).second);
    REQUIRE(world.finish(claim->lease, done));
    if (seen.size() % 100 == 50) world.reopen();
  }
  CHECK(seen.size() == count);
}

TEST_CASE("only the latest claim of a run may write") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto first = world.claim().value();
  SECTION("after a restart") { world.reopen(); }
  SECTION("after being put back") {
    world.finish(first.lease, RunOutcome(Postponed(Stage::checkout, WaitingFor::git, "down", std::nullopt)));
  }
  const auto second = world.claim().value();
  CHECK(second.lease.run == first.lease.run);
  CHECK(second.lease.generation > first.lease.generation);
  CHECK(second.run.attempts == 2);
  CHECK_FALSE(world.get(world.queue->stage_started(first.lease, Stage::build)));
  CHECK_FALSE(world.get(world.queue->stage_finished(first.lease, Stage::build, "succeeded", "")));
  CHECK_FALSE(world.get(world.queue->built(first.lease, results())));
  CHECK_FALSE(world.finish(first.lease, done));
  CHECK(world.get(world.queue->rivals(first.lease, RunId(99))).empty());
  CHECK(world.state(first.lease.run) == RunState::running);
  CHECK(world.finish(second.lease, done));
  CHECK_FALSE(world.finish(second.lease, done));
}

TEST_CASE("every way for a run to end") {
  struct Row {
    RunOutcome outcome;
    RunState state;
    std::string reason;
  };
  const std::vector<Row> rows = {{HandedOff(sha('f')), RunState::succeeded, ""},
                                 {Unchanged("it is deployed already"), RunState::succeeded, "it is deployed already"},
                                 {Superseded("older than what is deployed"), RunState::superseded, "older than what is deployed"},
                                 {Failed(Stage::build, "exit 1"), RunState::failed, "exit 1"},
                                 {Cancelled("by hand"), RunState::cancelled, "by hand"}};
  World world;
  int number = 0;
  for (const auto& row : rows) {
    ++number;
    world.accept(push(std::to_string(number), sha_of(number), sha_of(number + 1)), matches({"t"}));
    const auto claim = world.claim().value();
    world.get(world.queue->stage_started(claim.lease, Stage::checkout));
    world.get(world.queue->stage_finished(claim.lease, Stage::checkout, "succeeded", "3 files"));
    world.get(world.queue->stage_started(claim.lease, Stage::build));
    world.time.advance(5s);
    CHECK(world.finish(claim.lease, row.outcome));
    const Run run = world.run(claim.lease.run);
    CHECK(run.state == row.state);
    CHECK(run.reason == row.reason);
    CHECK(run.handoff_commit.has_value() == std::holds_alternative<HandedOff>(row.outcome));
    CHECK(run.finished == world.time.now());
    REQUIRE(run.stages.size() == 2);
    CHECK(run.stages[0].detail == "3 files");
    CHECK(run.stages[1].finished.has_value());
    CHECK(run.stages[1].outcome == name(row.state));
  }
}

TEST_CASE("a postponed run holds no slot, is not started before its time, and counts its accidents") {
  queue::Options options;
  options.policy.max_concurrent = 1;
  World world(options);
  world.accept(push("1", sha('a'), sha('b')), matches({"t1"}));
  world.accept(push("2", sha('a'), sha('b'), "Org/other"), matches({"t2"}));
  const auto first = world.claim().value();
  CHECK_FALSE(world.claim());
  const auto until = world.time.now() + 30s;
  world.finish(first.lease, RunOutcome(Postponed(Stage::checkout, WaitingFor::git, "connection refused", until)));
  const Run waiting = world.run(first.lease.run);
  CHECK(waiting.state == RunState::queued);
  CHECK(waiting.waiting_for == WaitingFor::git);
  CHECK(waiting.reason == "connection refused");
  CHECK(waiting.not_before == until);
  const auto other = world.claim().value();
  CHECK(other.run.template_name == TemplateName("t2"));
  world.finish(other.lease, done);
  CHECK_FALSE(world.claim());
  SECTION("in the same daemon") {}
  SECTION("after a restart") { world.reopen(); }
  CHECK_FALSE(world.claim());
  world.time.advance(30s);
  const auto again = world.claim().value();
  CHECK(again.lease.run == first.lease.run);
  CHECK(again.trouble.failures == 1);
  CHECK(again.trouble.since == until - 30s);
  world.get(world.queue->built(again.lease, results()));
  world.finish(again.lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::git, "502", world.time.now())));
  const auto last = world.claim().value();
  CHECK(last.trouble.failures == 1);  // the push of the image ended the row
  CHECK(last.run.next_stage == Stage::handoff);
  CHECK(last.run.results == results());
}

TEST_CASE("a template on hold builds and waits, until it is released") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto first = world.claim().value();
  const TemplateName name("t");
  world.get(world.queue->built(first.lease, results()));
  world.get(world.queue->set_last_handed_off(name, "values.yaml", queue::HandedOffLast("bbbb", sha('b'), sha('f'))));
  world.get(world.queue->hold(name, "set by hand"));
  world.finish(first.lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::hold, "set by hand", std::nullopt)));
  CHECK_FALSE(world.claim());
  CHECK(world.run(first.lease.run).waiting_for == WaitingFor::hold);

  world.accept(push("2", sha('b'), sha('c')), matches({"t"}));
  const auto second = world.claim().value();
  REQUIRE(second.rivals.size() == 1);
  CHECK(second.rivals[0].built);
  world.get(world.queue->built(second.lease, results()));
  world.finish(second.lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::hold, "set by hand", std::nullopt)));
  SECTION("in the same daemon") {}
  SECTION("after a restart") { world.reopen(); }
  CHECK_FALSE(world.claim());
  CHECK(world.get(world.reader->holds()).at(0).why == "set by hand");
  CHECK(world.get(world.queue->held(name))->why == "set by hand");
  CHECK(world.get(world.queue->last_handed_off(name, "values.yaml"))->tag == "bbbb");

  CHECK(world.get(world.queue->release(name)));
  CHECK_FALSE(world.get(world.queue->release(name)));
  CHECK_FALSE(world.get(world.queue->held(name)));
  CHECK_FALSE(world.get(world.queue->last_handed_off(name, "values.yaml")));
  CHECK(world.run(first.lease.run).waiting_for == WaitingFor::none);
  const auto newest = world.claim().value();
  CHECK(newest.lease.run == second.lease.run);
  CHECK(newest.run.next_stage == Stage::handoff);
  CHECK(newest.rivals.at(0).run == first.lease.run);
}

TEST_CASE("what a dead daemon left running is queued again, at the hand-off when it was built") {
  queue::Options options;
  options.policy.max_concurrent = 3;
  World world(options);
  world.accept(push("1", sha('a'), sha('b')), matches({"t1", "t2", "t3"}));
  const auto one = world.claim().value();
  const auto two = world.claim().value();
  world.get(world.queue->stage_started(one.lease, Stage::build));
  world.get(world.queue->built(two.lease, results()));
  CHECK(world.queue->recovered().empty());
  world.reopen();
  CHECK(world.queue->recovered() == std::vector<RunId>{one.lease.run, two.lease.run});
  CHECK(world.run(one.lease.run).next_stage == Stage::checkout);
  CHECK(world.run(one.lease.run).stages.at(0).outcome == "interrupted");
  CHECK(world.run(two.lease.run).next_stage == Stage::handoff);
  CHECK(world.run(two.lease.run).results == results());
  std::set<RunId> claimed;
  for (auto claim = world.claim(); claim; claim = world.claim()) claimed.insert(claim->lease.run);
  CHECK(claimed.size() == 3);
}

TEST_CASE("what a person may cancel and retry") {
  World world;
  const auto accepted = world.accept(push("1", sha('a'), sha('b')), matches({"t1", "t2"}));
  const RunId first = accepted.runs[0].run, second = accepted.runs[1].run;
  CHECK(world.get(world.queue->retry(first, queue::RetryRequest())) == Answer::not_allowed);
  CHECK(world.get(world.queue->cancel_queued(second)) == Answer::done);
  CHECK(world.state(second) == RunState::cancelled);
  CHECK(world.get(world.queue->cancel_queued(second)) == Answer::not_allowed);
  CHECK(world.get(world.queue->cancel_queued(RunId(99))) == Answer::unknown);
  CHECK(world.get(world.queue->retry(RunId(99), queue::RetryRequest())) == Answer::unknown);
  const auto claim = world.claim().value();
  CHECK(claim.lease.run == first);
  CHECK(world.get(world.queue->cancel_queued(first)) == Answer::is_running);
  CHECK(world.get(world.queue->retry(first, queue::RetryRequest())) == Answer::is_running);
  world.get(world.queue->built(claim.lease, results()));
  world.finish(claim.lease, RunOutcome(Failed(Stage::handoff, "no such key")));

  SECTION("it goes on at the hand-off when the image is there") {
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest(true, false))) == Answer::done);
    const auto again = world.claim().value();
    CHECK(again.lease.run == first);
    CHECK(again.run.next_stage == Stage::handoff);
    CHECK(again.run.allow_rollback);
    world.finish(again.lease, done);
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest())) == Answer::not_allowed);
  }
  SECTION("or builds again when that is asked") {
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest(false, true))) == Answer::done);
    const auto again = world.claim().value();
    CHECK(again.run.next_stage == Stage::checkout);
    CHECK(again.run.rebuild);
    CHECK_FALSE(again.run.results);
  }
  SECTION("a run that is to roll back is nobody's rival") {
    world.get(world.queue->retry(first, queue::RetryRequest(true, false)));
    world.accept(push("2", sha('b'), sha('c')), matches({"t1"}));
    CHECK(world.claim()->rivals.empty());
  }
}

TEST_CASE("memory: the sum may equal the budget, the first that does not fit waits and is not passed by") {
  queue::Options options;
  options.policy.max_concurrent = 10;
  options.policy.memory_budget = 16ull << 30;
  options.policy.templates[TemplateName("half")].memory = 8ull << 30;
  options.policy.templates[TemplateName("other-half")].memory = 8ull << 30;
  options.policy.templates[TemplateName("big")].memory = 10ull << 30;
  options.policy.templates[TemplateName("small")].memory = 1ull << 30;
  World world(options);
  const auto half = world.accept(push("1", sha('a'), sha('b')), matches({"half", "other-half"}));
  const auto first = world.claim().value();
  const auto second = world.claim().value();
  world.accept(push("2", sha('b'), sha('c')), matches({"big"}));
  world.accept(push("3", sha('c'), sha('d')), matches({"small", "best-effort"}));
  CHECK(world.claim()->run.template_name == TemplateName("best-effort"));
  queue::RunFilter big;
  big.template_name = TemplateName("big");
  CHECK(world.get(world.reader->runs(big)).at(0).waiting_for == WaitingFor::memory);
  world.finish(first.lease, done);
  CHECK_FALSE(world.claim());
  SECTION("in the same daemon") { world.finish(second.lease, done); }
  SECTION("after a restart") {
    world.finish(second.lease, done);
    world.reopen();
  }
  std::set<std::string> started;
  for (auto claim = world.claim(); claim; claim = world.claim()) started.insert(claim->run.template_name.value());
  CHECK(started.count("big") == 1);
  CHECK(world.get(world.reader->runs(big)).at(0).waiting_for == WaitingFor::none);
}

TEST_CASE("waiting for work ends when there is some, or at its time") {
  World world;
  CHECK_FALSE(world.claim());
  world.get(world.queue->wait_for_work(world.time.now() + 1h));  // at first there may be some
  int woken = 0;
  auto waiter = [&]() -> Task<> {
    co_await world.queue->wait_for_work(world.time.now() + 1h);
    ++woken;
  };
  auto ended = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  asio::co_spawn(*world.loop, waiter(), ended);
  world.loop->restart();
  world.loop->poll();
  CHECK(woken == 0);
  SECTION("an accepted push") { world.accept(push("1", sha('a'), sha('b')), matches({"t"})); }
  SECTION("the time") { world.time.advance(1h); }
  world.loop->restart();
  world.loop->run();
  CHECK(woken == 1);
}

TEST_CASE("waiting for work ends when a postponed run comes due") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto claim = world.claim().value();
  world.finish(claim.lease, RunOutcome(Postponed(Stage::checkout, WaitingFor::retry, "x", world.time.now() + 10s)));
  CHECK_FALSE(world.claim());
  world.get(world.queue->wait_for_work(world.time.now() + 1h));  // the news of all that
  auto advance = [&]() -> Task<> {
    world.time.advance(10s);
    co_return;
  };
  auto wait = [&]() -> Task<> { co_await world.queue->wait_for_work(world.time.now() + 1h); };
  auto nothing = [](std::exception_ptr) {};
  asio::co_spawn(*world.loop, wait(), nothing);
  asio::co_spawn(*world.loop, advance(), nothing);
  world.loop->restart();
  world.loop->run();
  CHECK(world.claim().has_value());
}

TEST_CASE("finished runs go by age, the last of a template and failed ones stay longer") {
  queue::Options options;
  options.retention.keep_last = 1;
  options.policy.templates[TemplateName("gone")].delete_on_success = true;
  World world(options);
  std::vector<RunId> runs;
  const auto make = [&](int number, const std::string& name, const RunOutcome& outcome) {
    world.accept(push(std::to_string(number), sha_of(number), sha_of(number + 1)), matches({name}));
    const auto claim = world.claim().value();
    world.finish(claim.lease, outcome);
    runs.push_back(claim.lease.run);
  };
  make(1, "t", done);
  make(2, "t", RunOutcome(Failed(Stage::build, "x")));
  make(3, "t", done);
  make(4, "gone", done);
  world.accept(push("5", sha_of(5), sha_of(6)), matches({"t"}));
  const auto expired = [&] { return world.get(world.queue->expired(world.time.now(), 100)); };
  CHECK(expired().empty());
  world.time.advance(5min);
  CHECK(expired() == std::vector<RunId>{runs[3]});
  world.time.advance(55min);
  CHECK(expired() == std::vector<RunId>{runs[3], runs[0]});
  world.time.advance(24h * 7);
  CHECK(expired() == std::vector<RunId>{runs[3], runs[1], runs[0]});
  world.get(world.queue->retry(runs[1], queue::RetryRequest()));
  const std::vector<RunId> named = {runs[1], runs[0]};
  world.get(world.queue->forget(named));
  CHECK(world.state(runs[1]) == RunState::queued);
  CHECK_FALSE(world.get(world.reader->run(runs[0])));
}

TEST_CASE("deliveries outlive their runs by 30 days, and then go with their bodies") {
  queue::Options options;
  options.segment_size = 1000;
  options.retention.keep_last = 0;
  World world(options);
  for (int i = 1; i <= 20; ++i) world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({"t"}));
  std::vector<RunId> runs;
  for (auto claim = world.claim(); claim; claim = world.claim()) {
    world.finish(claim->lease, done);
    runs.push_back(claim->lease.run);
  }
  const auto clean = [&] { return world.get(world.queue->clean(world.time.now())); };
  CHECK(clean().deliveries == 0);
  world.get(world.queue->forget(runs));
  world.time.advance(24h * 29);
  CHECK(clean().deliveries == 0);
  CHECK(world.accept(push("20", sha_of(20), sha_of(21)), matches({"t"})).duplicate);
  world.time.advance(24h * 2);
  const auto cleaned = clean();
  CHECK(cleaned.deliveries == 20);
  CHECK(cleaned.body_bytes > 2000);
  CHECK(world.get(world.reader->deliveries(queue::DeliveryFilter())).empty());
  // The branch is remembered all the same.
  CHECK_FALSE(world.accept(push("21", sha_of(21), sha_of(22)), matches({"t"})).gap);
}

TEST_CASE("bodies have a bound of their own, but those of pending deliveries stay") {
  queue::Options options;
  options.segment_size = 1000;
  options.max_bodies = 3000;
  World world(options);
  Verdict incomplete;
  incomplete.pending = true;
  world.accept(push("1", sha_of(1), sha_of(2)), incomplete);
  for (int i = 2; i <= 50; ++i) world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({"t"}));
  CHECK(world.get(world.reader->counts()).body_bytes < 6000);
  CHECK_FALSE(world.get(world.reader->delivery(DeliveryId("1")))->body.empty());
  CHECK_FALSE(world.get(world.reader->delivery(DeliveryId("50")))->body.empty());
  const auto trimmed = world.get(world.reader->delivery(DeliveryId("10"))).value();
  CHECK(trimmed.body.empty());
  CHECK(trimmed.after == sha_of(11));
}

TEST_CASE("runs are found by template, state, repository, commit and delivery, page by page") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t1", "t2"}));
  world.accept(push("2", sha('b'), sha('c')), matches({"t1"}));
  world.accept(push("3", sha('a'), sha('d'), "Org/other"), matches({"t1"}));
  const auto claim = world.claim().value();
  const auto ids = [&](const queue::RunFilter& filter) {
    std::vector<std::int64_t> found;
    for (const auto& run : world.get(world.reader->runs(filter))) found.push_back(run.id.value());
    return found;
  };
  using Ids = std::vector<std::int64_t>;
  queue::RunFilter filter;
  CHECK(ids(filter) == Ids{4, 3, 2, 1});
  filter.template_name = TemplateName("t1");
  CHECK(ids(filter) == Ids{4, 3, 1});
  filter.repository = RepoName("Org/app");
  CHECK(ids(filter) == Ids{3, 1});
  filter.before = RunId(3);
  CHECK(ids(filter) == Ids{1});
  filter = queue::RunFilter();
  filter.state = RunState::running;
  CHECK(ids(filter) == Ids{claim.lease.run.value()});
  filter = queue::RunFilter();
  filter.commit = "ccccc";
  CHECK(ids(filter) == Ids{3});
  filter = queue::RunFilter();
  filter.at_most = 2;
  CHECK(ids(filter) == Ids{4, 3});
  filter = queue::RunFilter();
  filter.delivery = DeliveryId("1");
  CHECK(ids(filter) == Ids{2, 1});
  filter.template_name = TemplateName("unknown");
  CHECK(ids(filter).empty());

  queue::DeliveryFilter deliveries;
  deliveries.after = sha('c');
  REQUIRE(world.get(world.reader->deliveries(deliveries)).size() == 1);
  CHECK(world.get(world.reader->deliveries(deliveries))[0].id == DeliveryId("2"));
  const auto counts = world.get(world.reader->counts());
  CHECK(counts.runs.at(RunState::queued) == 3);
  CHECK(counts.runs.at(RunState::running) == 1);
  CHECK(counts.deliveries == 3);
}

TEST_CASE("a new configuration applies to what is queued") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t1"}));
  world.accept(push("2", sha('b'), sha('c')), matches({"t2"}));
  schedule::Policy policy;
  policy.templates[TemplateName("t2")].priority = 5;
  world.get(world.queue->configure(policy));
  CHECK(world.claim()->run.template_name == TemplateName("t2"));
}

TEST_CASE("a database of a newer slipway is refused") {
  World world;
  world.close();
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open((world.dir / "state/queue.db").c_str(), &raw) == SQLITE_OK);
  sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(raw);
  CHECK_THROWS_AS(world.open(), Refused);
}

namespace {

/// Limits the size of files while it lives: writing beyond fails as on a full disk.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

Delivery bulky(int number, std::size_t size = 3000) {
  auto delivery = push(std::to_string(number), sha_of(number), sha_of(number + 1));
  delivery.body = std::make_shared<std::string>(size, static_cast<char>('a' + number % 26));
  return delivery;
}

/// Everything that is stored agrees with the `accepted` first pushes, and with nothing else.
void check_stored(World& world, int accepted, std::size_t size) {
  const auto deliveries = [&] {
    queue::DeliveryFilter filter;
    filter.at_most = 100'000;
    return world.get(world.reader->deliveries(filter));
  }();
  CHECK(deliveries.size() == static_cast<std::size_t>(accepted));
  queue::RunFilter filter;
  filter.at_most = 100'000;
  CHECK(world.get(world.reader->runs(filter)).size() == static_cast<std::size_t>(accepted));
  for (const auto& delivery : deliveries) {
    const auto stored = world.get(world.reader->delivery(delivery.id)).value();
    const auto sent = bulky(std::stoi(stored.id.value()), size);
    if (stored.body != *sent.body || stored.runs != 1) FAIL("delivery " << stored.id.value() << " is stored in part");
  }
}

bool try_accept(World& world, int number, std::size_t size) {
  try {
    world.accept(bulky(number, size), matches({"t"}));
    return true;
  } catch (const Unavailable&) {
    return false;
  }
}

}  // namespace

TEST_CASE("a full disk refuses, changes nothing, and is recovered from without help") {
  // Large bodies meet the limit in the segment, small ones in the log; each limit at another point of a transaction.
  const std::size_t size = GENERATE(3000, 10);
  for (rlim_t limit = 200'000; limit < 230'000; limit += 7'300) {
    CAPTURE(size, limit);
    World world;
    int accepted = 0;
    {
      const SmallFiles small(limit);
      while (accepted < 1000 && try_accept(world, accepted + 1, size)) ++accepted;
      CHECK(accepted < 1000);
      CHECK_FALSE(try_accept(world, accepted + 1, size));
    }
    check_stored(world, accepted, size);
    CHECK(try_accept(world, accepted + 1, size));
    ++accepted;
    CHECK(world.claim()->run.commit == sha_of(accepted + 1));
    world.reopen();
    check_stored(world, accepted, size);
  }
}

TEST_CASE("work on runs is refused as well while the disk is full, and goes on afterwards") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  {
    const SmallFiles small(1000);
    CHECK_THROWS_AS(world.claim(), Unavailable);
    CHECK_THROWS_AS(world.claim(), Unavailable);
  }
  const auto claim = world.claim().value();
  CHECK(claim.run.attempts == 1);
  {
    const SmallFiles small(1000);
    CHECK_THROWS_AS(world.finish(claim.lease, done), Unavailable);
  }
  CHECK(world.finish(claim.lease, done));
  CHECK(world.state(claim.lease.run) == RunState::succeeded);
}

TEST_CASE("what was acknowledged before SIGKILL is there afterwards, whole and once") {
  World world;
  world.close();
  int sent = 0;
  std::set<int> acknowledged;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      world.open();
      int next = sent;
      auto sender = [&]() -> Task<> {
        for (;;) {
          const int number = ++next;
          const Delivery delivery = bulky(number);
          const Verdict verdict = matches({"t"});
          co_await world.queue->accept(delivery, verdict);
          if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(1);
        }
      };
      auto ended = [](std::exception_ptr) { ::_exit(1); };
      for (int i = 0; i < 8; ++i) asio::co_spawn(*world.loop, sender(), ended);
      world.loop->run();
      ::_exit(1);
    }
    ::close(ends[1]);
    int number = 0;
    const std::size_t enough = acknowledged.size() + 40 + 17 * static_cast<std::size_t>(round);
    bool killed = false;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.insert(number);
      sent = std::max(sent, number);
      if (!killed && acknowledged.size() >= enough) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    sent += 8;  // those under way may be stored without having been acknowledged
  }
  world.open();
  for (const int one : acknowledged) {
    const auto stored = world.get(world.reader->delivery(DeliveryId(std::to_string(one))));
    if (!stored || stored->body != *bulky(one).body || stored->runs != 1) FAIL("delivery " << one << " is lost");
    const auto again = world.accept(bulky(one), matches({"t"}));
    if (!again.duplicate || again.runs.size() != 1) FAIL("delivery " << one << " would be built twice");
  }
  std::set<RunId> seen;
  for (auto claim = world.claim(); claim; claim = world.claim()) {
    CHECK(seen.insert(claim->lease.run).second);
    world.finish(claim->lease, done);
  }
  CHECK(seen.size() >= acknowledged.size());
}

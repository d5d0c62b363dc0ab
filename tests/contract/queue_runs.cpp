// What every Queue promises (server/queue/queue.hpp): work on runs.
#include "contract/queue_world.hpp"

using namespace slipway;
using namespace slipway::test;

namespace {

using World = QueueWorld;

}  // namespace

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
  const auto forgotten = world.get(world.queue->last_handed_off(name, "values.yaml"));
  CHECK(forgotten->tag.empty());
  CHECK(is_zero_sha(forgotten->source_commit));
  CHECK(forgotten->infra_commit == sha('f'));
  CHECK(world.run(first.lease.run).waiting_for == WaitingFor::none);
  const auto newest = world.claim().value();
  CHECK(newest.lease.run == second.lease.run);
  CHECK(newest.run.next_stage == Stage::handoff);
  CHECK(newest.rivals.at(0).run == first.lease.run);
}

TEST_CASE("whatever only a hold keeps from its hand-off says so") {
  queue::Options options;
  options.policy.max_concurrent = 3;
  options.policy.templates[TemplateName("t")].concurrency = 3;
  World world(options);
  const TemplateName name("t");
  std::vector<Lease> leases;
  for (int i = 1; i <= 3; ++i) {
    world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({"t"}));
    leases.push_back(world.claim()->lease);
    world.get(world.queue->built(leases.back(), results()));
  }
  world.finish(leases[0], RunOutcome(Failed(Stage::handoff, "no such key")));
  world.finish(leases[1], RunOutcome(Postponed(Stage::handoff, WaitingFor::git, "502", world.time.now() + 30s)));
  world.get(world.queue->hold(name, "set by hand"));
  CHECK(world.get(world.queue->retry(leases[0].run, queue::RetryRequest())) == Answer::done);
  world.reopen();  // the third was running
  world.time.advance(1h);
  CHECK_FALSE(world.claim());
  for (const auto& lease : leases) {
    const Run run = world.run(lease.run);
    CHECK(run.state == RunState::queued);
    CHECK(run.waiting_for == WaitingFor::hold);
    CHECK(run.reason == "set by hand; `slipway release t` lets it go on");
  }
  world.get(world.queue->release(name));
  CHECK(world.run(leases[0].run).waiting_for == WaitingFor::none);
  CHECK(world.claim().has_value());
}

TEST_CASE("a configuration that overwrites reverts ends a hold, at once or at the next start") {
  World world;
  const TemplateName name("t");
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  const auto lease = world.claim()->lease;
  world.get(world.queue->built(lease, results()));
  world.get(world.queue->hold(name, "set by hand"));
  world.finish(lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::hold, "set by hand", std::nullopt)));
  schedule::Policy policy;
  policy.templates[TemplateName("other")].heeds_reverts = false;
  world.get(world.queue->configure(policy));
  CHECK(world.get(world.reader->holds()).size() == 1);
  CHECK_FALSE(world.claim());
  policy.templates[name].heeds_reverts = false;
  if (GENERATE(false, true)) {
    world.options.policy = policy;
    world.reopen();
  } else {
    world.get(world.queue->configure(policy));
  }
  CHECK(world.get(world.reader->holds()).empty());
  CHECK(world.claim()->run.next_stage == Stage::handoff);
}

TEST_CASE("a hold ends a row of accidents: patience begins anew") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  auto claim = world.claim().value();
  world.get(world.queue->built(claim.lease, results()));
  world.finish(claim.lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::git, "502", world.time.now())));
  claim = world.claim().value();
  CHECK(claim.trouble.failures == 1);
  world.get(world.queue->hold(TemplateName("t"), "set by hand"));
  world.finish(claim.lease, RunOutcome(Postponed(Stage::handoff, WaitingFor::hold, "set by hand", std::nullopt)));
  world.get(world.queue->release(TemplateName("t")));
  claim = world.claim().value();
  CHECK(claim.trouble.failures == 0);
  CHECK_FALSE(claim.trouble.since);
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
    // What was deployed once may be deployed again, or built anew.
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest(true, false))) == Answer::done);
    CHECK(world.claim()->run.next_stage == Stage::handoff);
  }
  SECTION("or builds again when that is asked") {
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest(false, true))) == Answer::done);
    const auto again = world.claim().value();
    CHECK(again.run.next_stage == Stage::checkout);
    CHECK(again.run.rebuild);
    CHECK(again.run.rebuild_tag.empty());
    CHECK_FALSE(again.run.results);
    const std::string tag = "04758206-2";
    CHECK(world.get(world.queue->chose_tag(again.lease, tag)));
    world.finish(again.lease, RunOutcome(Postponed(Stage::build, WaitingFor::registry, "503", world.time.now())));
    CHECK_FALSE(world.get(world.queue->chose_tag(again.lease, "04758206-3")));
    const auto next = world.claim().value();
    CHECK(next.run.rebuild_tag == tag);
    world.finish(next.lease, done);
    CHECK(world.get(world.queue->retry(first, queue::RetryRequest(false, true))) == Answer::done);
    CHECK(world.claim()->run.rebuild_tag.empty());
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

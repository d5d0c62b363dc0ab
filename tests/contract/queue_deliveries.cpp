// What every Queue promises (server/queue/queue.hpp): deliveries.
#include "contract/queue_world.hpp"

using namespace slipway;
using namespace slipway::test;

namespace {

using World = QueueWorld;

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
  other_body.fingerprint.fill('2');
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

TEST_CASE("bodies that came under one id are each known again") {
  World world;
  const auto with_body = [](char digit, CommitSha before, CommitSha after) {
    auto delivery = push("one", std::move(before), std::move(after));
    delivery.fingerprint.fill(static_cast<std::uint8_t>(digit));
    return delivery;
  };
  const auto first = world.accept(with_body('1', sha('a'), sha('b')), matches({"t"}));
  const auto second = world.accept(with_body('2', sha('b'), sha('c')), matches({"t"}));
  const auto third = world.accept(with_body('3', sha('c'), sha('d')), matches({"t"}));
  CHECK(std::set<DeliveryId>{first.delivery, second.delivery, third.delivery}.size() == 3);
  for (const auto& [again, made] : {std::pair(with_body('1', sha('a'), sha('b')), first), std::pair(with_body('2', sha('b'), sha('c')), second),
                                    std::pair(with_body('3', sha('c'), sha('d')), third)}) {
    const auto answer = world.accept(again, matches({"t"}));
    CHECK(answer.duplicate);
    CHECK(answer.delivery == made.delivery);
    CHECK(answer.runs.at(0).run == made.runs.at(0).run);
  }
}

TEST_CASE("a push that made nothing makes its runs when it comes again under a mended configuration, once") {
  for (const char* id : {"1", "2"}) {
    CAPTURE(id);
    World world;
    world.accept(push("1", sha('a'), sha('b')), matches({}));
    CHECK(world.accept(push(id, sha('a'), sha('b')), matches({})).duplicate);
    const auto mended = world.accept(push(id, sha('a'), sha('b')), matches({"t"}));
    CHECK_FALSE(mended.duplicate);
    CHECK(mended.delivery == DeliveryId("1"));
    REQUIRE(mended.runs.size() == 1);
    world.reopen();
    const auto again = world.accept(push("3", sha('a'), sha('b')), matches({"t", "u"}));
    CHECK(again.duplicate);
    REQUIRE(again.runs.size() == 1);
    CHECK(again.runs[0].run == mended.runs[0].run);
    CHECK(world.run(mended.runs[0].run).delivery == DeliveryId("1"));
  }
}

TEST_CASE("a push that comes after it was reconciled makes the runs that only its payload asks for, once") {
  World world;
  auto from_git = push("r", sha('a'), sha('b'));
  from_git.source = Source::reconcile;
  const auto first = world.accept(from_git, matches({"t"}));
  CHECK(world.accept(push("1", sha('a'), sha('b')), matches({"t"})).duplicate);
  world.finish(world.claim()->lease, done);
  world.get(world.queue->forget({first.runs[0].run}));  // the run is history by now
  world.reopen();
  const auto late = world.accept(push("2", sha('a'), sha('b')), matches({"t", "u"}));
  CHECK_FALSE(late.duplicate);
  REQUIRE(late.runs.size() == 2);
  CHECK(late.runs[0].run == first.runs[0].run);
  CHECK(late.runs[1].template_name == TemplateName("u"));
  CHECK(world.accept(push("3", sha('a'), sha('b')), matches({"t", "u"})).duplicate);
  CHECK(world.get(world.reader->runs(queue::RunFilter())).size() == 1);
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
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10, {}));
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].base == sha('b'));
  CHECK(pending[0].gap);
  CHECK(pending[0].delivery.id == DeliveryId("2"));
  CHECK(pending[0].delivery.push.before == sha('c'));
  CHECK(*pending[0].delivery.body == *push("2", sha('c'), sha('d')).body);
  CHECK_FALSE(world.accept(push("3", sha('d'), sha('e')), matches({})).gap);
}

TEST_CASE("what was taken at its word can be doubted until it was completed") {
  World world;
  const RepoName app("Org/app");
  const std::string main = "refs/heads/main";
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  world.accept(push("other", sha('a'), sha('b'), "Org/other"), matches({}));
  world.accept(push("2", sha('b'), sha('c')), matches({}));
  const auto taken = world.get(world.queue->taken(app, main, DeliveryId()));
  REQUIRE(taken.size() == 2);
  CHECK(taken[1].delivery == DeliveryId("2"));
  CHECK(taken[1].before == sha('b'));
  CHECK(taken[1].after == sha('c'));
  CHECK(world.get(world.queue->taken(app, main, DeliveryId("1"))).size() == 1);
  CHECK(world.get(world.queue->taken(app, main, DeliveryId("2"))).empty());
  world.get(world.queue->doubt(DeliveryId("2")));
  CHECK(world.get(world.queue->taken(app, main, DeliveryId("1"))).empty());
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10, {}));
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].delivery.id == DeliveryId("2"));
  CHECK(pending[0].base == sha('b'));
  world.get(world.queue->complete(DeliveryId("2"), matches({"t"})));
  world.get(world.queue->doubt(DeliveryId("2")));
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).empty());
  CHECK(world.get(world.queue->branch_heads()).at(0).last == DeliveryId("2"));
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

TEST_CASE("nor where nobody watches the repository") {
  World world;
  Verdict foreign = matches({});
  foreign.watched = false;
  world.accept(push("1", sha('a'), sha('b')), foreign);
  CHECK(world.queue->record(push("2", sha('c'), sha('d')), queue::Decision(foreign)));
  const auto late = world.accept(push("3", sha('e'), sha('f')), foreign);
  CHECK(late.gap);
  CHECK_FALSE(late.pending);
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).empty());
}

TEST_CASE("a delivery whose bytes cannot be read is not completed until they can, or are gone") {
  World world;
  Verdict incomplete = matches({"t1"});
  incomplete.pending = true;
  world.accept(push("1", sha('a'), sha('b')), incomplete);
  const auto segment = world.dir / "state/bodies-1.seg", away = world.dir / "away";
  std::filesystem::rename(segment, away);
  std::filesystem::create_directory(segment);  // can be opened, and not read
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10, {}));
  REQUIRE(pending.size() == 1);
  CHECK_THAT(pending[0].unreadable, Catch::Contains("cannot be read"));
  CHECK_THROWS_AS(world.get(world.queue->complete(DeliveryId("1"), matches({"t1", "t2"}))), Unavailable);
  CHECK(world.accept(push("1", sha('a'), sha('b')), incomplete).duplicate);
  std::filesystem::remove(segment);

  SECTION("they are back") { std::filesystem::rename(away, segment); }
  SECTION("they are gone") {}
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).at(0).unreadable == "");
  const auto made = world.get(world.queue->complete(DeliveryId("1"), matches({"t1", "t2"})));
  REQUIRE(made.size() == 1);
  CHECK(made[0].template_name == TemplateName("t2"));
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
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).empty());
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
  const auto pending = world.get(world.queue->pending(DeliveryId(), 10, {}));
  REQUIRE(pending.size() == 3);
  CHECK(pending[0].base == sha('d'));
  CHECK(pending[1].base == sha('c'));
  CHECK(head().after == sha('b'));
  CHECK(head().pending);
  world.get(world.queue->complete(DeliveryId("2"), Verdict(), true));
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).at(0).base == sha('d'));
  world.get(world.queue->complete(DeliveryId("3"), Verdict()));
  world.get(world.queue->complete(DeliveryId("4"), Verdict(), true));
  CHECK(head().after == sha('e'));
  CHECK_FALSE(head().pending);
  CHECK_FALSE(world.accept(push("5", sha('e'), sha('f')), matches({})).gap);
}

TEST_CASE("a push that was judged without Git leaves the branch where it was before, for the next one to be compared with") {
  World world;
  Verdict incomplete;
  incomplete.pending = true;
  world.accept(push("1", sha('a'), sha('b')), incomplete);
  world.accept(push("2", sha('b'), sha('c')), incomplete);
  world.get(world.queue->complete(DeliveryId("1"), Verdict(), true));
  CHECK(world.get(world.queue->pending(DeliveryId(), 10, {})).at(0).base == sha('a'));
  world.get(world.queue->complete(DeliveryId("2"), Verdict(), true));
  CHECK(world.get(world.queue->branch_heads()).at(0).after == sha('a'));
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
  for (auto page = world.get(world.queue->pending(after, 2, {})); !page.empty(); page = world.get(world.queue->pending(after, 2, {}))) {
    for (const auto& one : page) seen.push_back(one.delivery.id.value());
    after = page.back().delivery.id;
  }
  CHECK(seen == std::vector<std::string>{"1", "2", "3", "4", "5"});
  world.accept(push("6", sha('a'), sha('b'), "Org/other"), incomplete);
  const auto others = world.get(world.queue->pending(DeliveryId(), 1, {RepoName("Org/app")}));
  REQUIRE(others.size() == 1);
  CHECK(others[0].delivery.id == DeliveryId("6"));
}

TEST_CASE("a record is on disk although nobody waits for it, in its place in the chain") {
  World world;
  CHECK(world.queue->record(push("1", sha('a'), sha('b')), queue::Decision(matches({}))));
  CHECK_FALSE(world.accept(push("2", sha('b'), sha('c')), matches({"t"})).gap);
  CHECK(world.queue->record(push("3", sha('c'), sha('d')), queue::Decision(matches({}))));
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
  for (int i = 0; i < 10; ++i) taken += world.queue->record(push(std::to_string(i), sha_of(i), sha_of(i + 1)), queue::Decision(matches({})));
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

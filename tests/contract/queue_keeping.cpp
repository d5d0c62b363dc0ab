// What every Queue promises (server/queue/queue.hpp): retention and reading.
#include "contract/queue_world.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace slipway;
using namespace slipway::test;

namespace {

using World = QueueWorld;

/// With a body of its own, that no packing makes small.
Delivery bulky(int number) {
  Delivery delivery = push(std::to_string(number), sha_of(number), sha_of(number + 1));
  delivery.body = std::make_shared<std::string>(random_hex(200));
  return delivery;
}

}  // namespace

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
  for (int i = 1; i <= 20; ++i) world.accept(bulky(i), matches({"t"}));
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

TEST_CASE("no number is given twice, not even that of the newest run or delivery once it is gone") {
  queue::Options options;
  options.retention.keep_last = 0;
  World world(options);
  const auto elsewhere = [&](int n) { return push("e" + std::to_string(n), sha_of(n), sha_of(n + 1), "Org/other"); };
  world.accept(push("idle", sha('a'), sha('b')), matches({}));
  world.accept(elsewhere(1), matches({"t"}));
  const Lease lease = world.claim().value().lease;
  const RunId newest = lease.run;
  const auto first = world.get(world.reader->deliveries(queue::DeliveryFilter())).front().number;
  world.finish(lease, done);
  world.time.advance(24h * 31);
  const std::vector<RunId> gone = {newest};
  world.get(world.queue->forget(gone));
  world.get(world.queue->clean(world.time.now()));
  world.reopen();
  CHECK(world.accept(elsewhere(2), matches({"t"})).runs.at(0).run > newest);
  CHECK(world.get(world.reader->deliveries(queue::DeliveryFilter())).front().number > first);
  // What a branch remembers of its last push must not be taken for another delivery.
  CHECK(world.accept(push("again", sha('a'), sha('b')), matches({})).runs.empty());
}

TEST_CASE("the database gives the room of what has gone back to the file system") {
  World world;
  for (int i = 1; i <= 2000; ++i) world.accept(push(std::to_string(i), sha_of(i), sha_of(i + 1)), matches({}));
  const auto before = world.get(world.reader->counts()).database_bytes;
  world.time.advance(24h * 31);
  CHECK(world.get(world.queue->clean(world.time.now())).deliveries == 2000);
  CHECK(world.get(world.reader->counts()).database_bytes < before / 4);
}

TEST_CASE("bodies have a bound of their own, but those of pending deliveries stay") {
  queue::Options options;
  options.segment_size = 1000;
  options.max_bodies = 3000;
  World world(options);
  Verdict incomplete;
  incomplete.pending = true;
  world.accept(bulky(1), incomplete);
  for (int i = 2; i <= 50; ++i) world.accept(bulky(i), matches({"t"}));
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
  filter.commit = CommitPrefix::from("ccccc");
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
  deliveries.after = CommitPrefix::from(sha('c').value());
  REQUIRE(world.get(world.reader->deliveries(deliveries)).size() == 1);
  CHECK(world.get(world.reader->deliveries(deliveries))[0].id == DeliveryId("2"));
  deliveries.after = CommitPrefix::from("bbbb");
  CHECK(world.get(world.reader->deliveries(deliveries)).front().id == DeliveryId("1"));
  deliveries.after = CommitPrefix::from("bbbbc");
  CHECK(world.get(world.reader->deliveries(deliveries)).empty());
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

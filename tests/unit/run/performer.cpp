#include <future>

#include "run/workspace.hpp"
#include "workshop.hpp"

using namespace slipway;
using test::FakeSources;
using test::Workshop;

TEST_CASE("what is older than the last hand-off is not built") {
  Workshop team;
  team.handed_off('d');
  team.accept("1", 'a', 'b');
  CHECK(Workshop::superseded(team.perform_next()) == "the newer " + FakeSources::named('d').value() + " was handed off already");
  CHECK(team.executor.built.empty());
}

TEST_CASE("unless a forced push took the newer one away") {
  Workshop team;
  team.handed_off('d');
  team.sources.on_fetch = [&] { team.sources.heads["refs/heads/main"] = FakeSources::named('c'); };
  team.accept("1", 'a', 'b');
  team.perform_next();
  CHECK(team.executor.built == std::vector{FakeSources::named('b')});
}

TEST_CASE("a run that is to roll back is built although it is older than what is handed off and what waits") {
  Workshop team;
  team.handed_off('d');
  const auto made = team.accept("1", 'a', 'b');
  team.get(team.store.queue->cancel_queued(made.runs.at(0).run));
  team.accept("2", 'b', 'c');
  team.get(team.store.queue->cancel_queued(RunId(2)));
  team.get(team.store.queue->retry(RunId(1), queue::RetryRequest(true, false)));
  const auto claim = team.get(team.store.queue->claim()).value();
  team.accept("3", 'c', 'd');
  team.perform(claim);
  CHECK(team.executor.built == std::vector{FakeSources::named('b')});
}

TEST_CASE("a late push gives way to the newer one that waits, as the server has them now") {
  Workshop team;
  team.accept("1", 'b', 'c');
  team.accept("2", 'a', 'b');
  SECTION("where both are on the branch") {
    CHECK(Workshop::superseded(team.perform_next()) == "run 1 builds a later commit of the same branch");
    CHECK(team.sources.fetches == 1);
  }
  SECTION("but not to one that a forced push took away") {
    team.sources.heads["refs/heads/main"] = FakeSources::named('b');
    team.perform_next();
    CHECK(team.executor.built == std::vector{FakeSources::named('b')});
  }
}

TEST_CASE("of two images that wait the newer one is handed off, whichever came first") {
  Workshop team;
  const RunId newer = team.built("1", 'b', 'c');
  const RunId older = team.built("2", 'a', 'b');
  const auto claim = team.get(team.store.queue->claim()).value();
  CHECK(claim.lease.run == older);
  CHECK(Workshop::superseded(team.perform(claim)) == "run " + std::to_string(newer.value()) + " builds a later commit of the same branch");
}

TEST_CASE("a branch that a run finds elsewhere is noted there, so that its commit may be pushed again") {
  Workshop team;
  team.accept("1", 'a', 'b');
  team.sources.heads["refs/heads/main"] = FakeSources::named('a');  // the delivery is lost
  ChangedCommit back;
  back.id = FakeSources::named('a');
  back.modified = {"app.txt"};
  team.sources.changes = {back};
  const auto claim = team.get(team.store.queue->claim()).value();
  const auto outcome = team.perform(claim);
  CHECK_THAT(Workshop::superseded(outcome), Catch::Contains("is no longer on main"));
  CHECK(team.seen() == FakeSources::named('a'));
  CHECK(team.sources.compared.front() == std::pair(FakeSources::named('b'), FakeSources::named('a')));
  CHECK_FALSE(team.accept("2", 'a', 'b').duplicate);
}

TEST_CASE("a branch is noted once where it is found, and not where a delivery has told of it or the commit is still there") {
  Workshop team;
  team.accept("1", 'a', 'b');
  const auto claim = team.get(team.store.queue->claim()).value();
  const auto deliveries = [&] { return team.get(team.store.reader->deliveries(queue::DeliveryFilter())).size(); };
  SECTION("what took it away was delivered") {
    team.sources.add('x', {FakeSources::named('a')});
    team.accept("2", 'b', 'x', "");
    team.perform(claim);
    CHECK(deliveries() == 2);
  }
  SECTION("it was noted already") {
    team.sources.heads["refs/heads/main"] = FakeSources::named('a');
    team.perform(claim);
    team.perform(claim);
    CHECK(deliveries() == 2);
  }
  SECTION("it is only too old") {
    team.handed_off('d');
    team.perform(claim);
    CHECK(deliveries() == 1);
  }
}

TEST_CASE("a run that is cancelled for a newer one is so only for one that the branch has") {
  Workshop team;
  team.accept("1", 'a', 'b');
  const auto claim = team.get(team.store.queue->claim()).value();
  team.accept("2", 'b', 'c');
  const auto newer = [&] { return team.get(team.store.queue->newer_rivals(claim.lease)); };
  CHECK(team.get(team.performer.later_than(claim.run, newer())) == RunId(2));
  team.sources.heads["refs/heads/main"] = FakeSources::named('b');
  CHECK_FALSE(team.get(team.performer.later_than(claim.run, newer())));
}

TEST_CASE("a run that is cancelled while its build is cleared up is not handed off, and keeps its image") {
  Workshop team;
  team.accept("1", 'c', 'd');
  const auto claim = team.get(team.store.queue->claim()).value();
  team.executor.cancelled_at_the_end = true;
  const auto outcome = team.perform(claim);
  CHECK(std::holds_alternative<Cancelled>(outcome));
  team.get(team.store.queue->finish(claim.lease, outcome));
  CHECK(team.get(team.store.reader->run(claim.lease.run)).value().results.has_value());
}

TEST_CASE("the tag that a rebuild chose is known to its next try, and not to the next rebuild") {
  Workshop team;
  team.accept("1", 'a', 'b');
  const auto end = [&](const queue::Claim& claim, const RunOutcome& outcome) { team.get(team.store.queue->finish(claim.lease, outcome)); };
  const auto once_more = [&] { team.get(team.store.queue->retry(RunId(1), queue::RetryRequest(false, true))); };
  const auto claim = [&] { return team.get(team.store.queue->claim()).value(); };
  end(claim(), Failed(Stage::build, "exit 1"));
  once_more();
  team.executor.chosen_tag = "bbbbbbbb-2";
  const auto first = claim();
  team.perform(first);
  CHECK(team.executor.rebuild_tag.empty());
  end(first, Postponed(Stage::build, WaitingFor::registry, "503", team.time.now()));
  const auto second = claim();
  const auto outcome = team.perform(second);
  CHECK(team.executor.rebuild_tag == "bbbbbbbb-2");
  end(second, outcome);
  once_more();
  team.perform(claim());
  CHECK(team.executor.rebuild_tag.empty());
}

TEST_CASE("a run's workspace is removed by another name, so that the next try's is safe from it") {
  test::TmpDir folder;
  asio::thread_pool files(1);
  std::promise<void> busy;
  asio::post(files, [held = busy.get_future().share()] { held.wait(); });
  {
    run::Workspace first(folder.path(), RunId(7), files);
    std::filesystem::create_directories(first.source());
    test::write_file(first.source() / "old", "");
  }
  run::Workspace second(folder.path(), RunId(7), files);
  std::filesystem::create_directories(second.source());  // as make() does, on the pool's other thread
  test::write_file(second.source() / "new", "");
  busy.set_value();
  test::run_coroutine([&]() -> Task<> {
    auto nothing = [] {};
    co_await io::offload(files, nothing);  // behind the removal
  });
  CHECK(std::filesystem::exists(second.source() / "new"));
  CHECK_FALSE(std::filesystem::exists(second.source() / "old"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("the passwords of Git servers are hidden from a run's log from its begin, those that can be read") {
  Workshop team;
  const auto file = [&](const std::string& name, const std::string& content) {
    test::write_file(team.folder / name, content);
    return team.folder / name;
  };
  team.settings.git.password_file = file("git", "hunter22\n");
  team.settings.handoff.password_file = team.folder / "missing";
  team.settings.handoff.also_push.emplace_back().password_file = file("mirror", "t0ken");
  team.accept("1", 'a', 'b');
  team.perform_next();
  CHECK(team.log.hidden == std::vector<std::string>{"hunter22", "t0ken"});
}

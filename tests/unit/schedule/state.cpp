// Which run starts next. Runs are numbers, templates and branches letters; time is in seconds.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "schedule/state.hpp"

namespace {

using namespace slipway;
using namespace slipway::schedule;

Clock::time_point at(int seconds) { return Clock::time_point(std::chrono::seconds(seconds)); }
Group group(const std::string& name, const std::string& branch = "main") {
  return Group(TemplateName(name), RepoName("Org/app"), branch);
}
Waiting waiting(int run, Stage stage = Stage::checkout, std::optional<Clock::time_point> until = std::nullopt) {
  Waiting made;
  made.run = RunId(run);
  made.next_stage = stage;
  made.not_before = until;
  return made;
}

/// Starts everything that may start, and says in which order.
std::vector<int> start_all(State& state, int now = 0) {
  std::vector<int> started;
  for (auto plan = state.next(at(now)); plan.start; plan = state.next(at(now))) {
    started.push_back(static_cast<int>(plan.start->run.value()));
    state.started(plan.start->group, plan.start->run);
  }
  return started;
}

using Runs = std::vector<int>;

Policy roomy() {
  Policy policy;
  policy.max_concurrent = 100;
  policy.memory_budget = 16;
  return policy;
}

}  // namespace

TEST_CASE("of one branch the newest starts, of one template one at a time, templates by turns") {
  State state(roomy());
  for (int run = 1; run <= 3; ++run) state.queued(group("a"), RunId(run));
  state.queued(group("b"), RunId(4));
  CHECK(start_all(state) == Runs{3, 4});
  state.left(RunId(3));
  CHECK(start_all(state) == Runs{2});
  state.left(RunId(2));
  state.left(RunId(4));
  state.queued(group("b"), RunId(5));
  CHECK(start_all(state) == Runs{5, 1});  // b was started longer ago
}

TEST_CASE("branches of one template go by turns too") {
  State state(roomy());
  state.queued(group("a", "x"), RunId(1));
  state.queued(group("a", "x"), RunId(2));
  state.queued(group("a", "y"), RunId(3));
  Runs order;
  for (int i = 0; i < 3; ++i) {
    const auto one = start_all(state);
    REQUIRE(one.size() == 1);
    order.push_back(one[0]);
    state.left(RunId(one[0]));
  }
  CHECK(order == Runs{2, 3, 1});
}

TEST_CASE("priority goes first, whatever came first") {
  Policy policy = roomy();
  policy.max_concurrent = 1;
  policy.templates[TemplateName("b")].priority = 1;
  State state(policy);
  state.queued(group("a"), RunId(1));
  state.queued(group("b"), RunId(2));
  CHECK(start_all(state) == Runs{2});
  CHECK(start_all(state).empty());
  state.left(RunId(2));
  CHECK(start_all(state) == Runs{1});
}

TEST_CASE("concurrency of a template") {
  Policy policy = roomy();
  policy.templates[TemplateName("a")].concurrency = 2;
  State state(policy);
  for (int run = 1; run <= 4; ++run) state.queued(group("a"), RunId(run));
  CHECK(start_all(state) == Runs{4, 3});
  CHECK(state.running() == 2);
}

TEST_CASE("memory: the sum may equal the budget, BestEffort and hand-offs stand outside it") {
  Policy policy = roomy();
  policy.templates[TemplateName("eight")].memory = 8;
  policy.templates[TemplateName("eight-too")].memory = 8;
  policy.templates[TemplateName("one")].memory = 1;
  State state(policy);
  state.queued(group("eight"), RunId(1));
  state.queued(group("eight-too"), RunId(2));
  state.queued(group("one"), RunId(3));
  state.queued(group("best-effort"), RunId(4));
  CHECK(start_all(state) == Runs{1, 2, 4});
  CHECK(state.memory_in_use() == 16);
  state.waits(group("one"), waiting(3, Stage::handoff));
  CHECK(start_all(state) == Runs{3});
  state.left(RunId(1));
  CHECK(state.memory_in_use() == 8);
}

TEST_CASE("a large job at the head is not starved by small ones behind it") {
  Policy policy = roomy();
  for (const char* small : {"s1", "s2", "s3"}) policy.templates[TemplateName(small)].memory = 4;
  policy.templates[TemplateName("large")].memory = 14;
  State state(policy);
  state.queued(group("s1"), RunId(1));
  CHECK(start_all(state) == Runs{1});
  state.queued(group("large"), RunId(2));
  int run = 3;
  for (const char* small : {"s1", "s2", "s3"}) state.queued(group(small), RunId(run++));
  const auto plan = state.next(at(0));
  CHECK_FALSE(plan.start);
  REQUIRE(plan.short_of_memory);
  CHECK(plan.short_of_memory->run == RunId(2));
  Waiting for_memory = waiting(2);
  for_memory.reason = WaitingFor::memory;
  state.waits(group("large"), for_memory);
  CHECK_FALSE(state.next(at(0)).short_of_memory);  // said once
  state.left(RunId(1));
  CHECK(start_all(state) == Runs{2});
  state.left(RunId(2));
  CHECK(start_all(state) == Runs{4, 5, 3});
}

TEST_CASE("what waits holds no slot and starts when it is due") {
  Policy policy = roomy();
  policy.max_concurrent = 1;
  State state(policy);
  state.queued(group("a"), RunId(1));
  state.queued(group("b"), RunId(2));
  CHECK(start_all(state) == Runs{1});
  state.waits(group("a"), waiting(1, Stage::checkout, at(10)));
  CHECK(state.running() == 0);
  CHECK(state.next_due() == at(10));
  CHECK(start_all(state) == Runs{2});
  state.left(RunId(2));
  CHECK(start_all(state, 9).empty());
  CHECK(start_all(state, 10) == Runs{1});
  CHECK_FALSE(state.next_due());
}

TEST_CASE("on hold nothing is handed off, but builds go on; releasing starts the newest") {
  State state(roomy());
  state.waits(group("a"), waiting(1, Stage::handoff));
  state.waits(group("a"), waiting(2, Stage::handoff, at(5)));
  state.hold(TemplateName("a"));
  CHECK(start_all(state, 10).empty());
  state.queued(group("a"), RunId(3));
  CHECK(start_all(state, 10) == Runs{3});
  state.waits(group("a"), waiting(3, Stage::handoff));
  CHECK(start_all(state, 10).empty());
  CHECK(state.is_held(TemplateName("a")));
  state.release(TemplateName("a"));
  CHECK(start_all(state, 10) == Runs{3});
}

TEST_CASE("a new policy applies to what is queued already") {
  State state(roomy());
  state.queued(group("a"), RunId(1));
  state.queued(group("b"), RunId(2));
  Policy policy = roomy();
  policy.max_concurrent = 1;
  policy.templates[TemplateName("b")].priority = 9;
  state.configure(policy);
  CHECK(start_all(state) == Runs{2});
}

TEST_CASE("however long the queue, memory holds a window of it, and nothing is forgotten") {
  State state(roomy());
  const int count = 1000;
  std::vector<bool> in_store(count + 1, true);
  for (int run = 1; run <= count; ++run) state.queued(group("a"), RunId(run));
  CHECK(state.tracked() == State::window);
  Runs started;
  for (;;) {
    while (const auto wanted = state.wants()) {
      std::vector<RunId> newest_first;
      for (int run = count; run >= 1 && newest_first.size() < State::window; --run) {
        if (in_store[static_cast<std::size_t>(run)]) newest_first.emplace_back(run);
      }
      state.refill(*wanted, newest_first);
    }
    const auto some = start_all(state);
    if (some.empty()) break;
    REQUIRE(some.size() == 1);
    started.push_back(some[0]);
    in_store[static_cast<std::size_t>(some[0])] = false;
    state.left(RunId(some[0]));
    REQUIRE(state.tracked() <= State::window);
  }
  REQUIRE(started.size() == count);
  for (int i = 0; i < count; ++i) REQUIRE(started[static_cast<std::size_t>(i)] == count - i);
}

TEST_CASE("runs beyond the window may leave, and come back, without being known") {
  State state(roomy());
  for (int run = 1; run <= 200; ++run) state.queued(group("a"), RunId(run));
  state.left(RunId(5));                       // superseded in the store
  state.waits(group("a"), waiting(6));        // cancelled and retried there
  CHECK(state.tracked() == State::window + 1);
  for (int run = 200; run > 136; --run) state.left(RunId(run));
  REQUIRE(state.wants());
  const std::vector<RunId> none;
  state.refill(*state.wants(), none);
  CHECK_FALSE(state.wants());
  CHECK(start_all(state) == Runs{6});
}

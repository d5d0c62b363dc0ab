// What a job takes, how long it waits after an accident, how long it stays.
#include <catch2/catch.hpp>

#include <set>

#include "schedule/policy.hpp"
#include "schedule/retention.hpp"
#include "schedule/retry.hpp"

namespace {

using namespace slipway;
using namespace slipway::schedule;
using namespace std::chrono_literals;

constexpr std::uint64_t mebi = 1ull << 20, gibi = 1ull << 30;

}  // namespace

TEST_CASE("BestEffort is neither request nor limit, of CPU or memory") {
  struct Row {
    const char* what;
    std::optional<std::uint64_t> memory_request, memory_limit, cpu_request, cpu_limit, share;
  };
  const auto none = std::optional<std::uint64_t>();
  const Row rows[] = {
      {"nothing at all", none, none, none, none, none},
      {"a request", 2 * gibi, none, none, none, 2 * gibi},
      {"a request counts, not the limit", 2 * gibi, 4 * gibi, none, none, 2 * gibi},
      {"a limit without a request is the request", none, 4 * gibi, none, none, 4 * gibi},
      {"a CPU request takes the default", none, none, 500, none, 64 * mebi},
      {"a CPU limit too", none, none, none, 1000, 64 * mebi},
      {"a request of nothing is a request", 0, none, none, none, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Resources resources;
    resources.memory_request = row.memory_request;
    resources.memory_limit = row.memory_limit;
    resources.cpu_request = row.cpu_request;
    resources.cpu_limit = row.cpu_limit;
    CHECK(memory_share(resources, 64 * mebi) == row.share);
  }
}

TEST_CASE("the budget is 16Gi or three quarters of the host, whichever is less") {
  CHECK(default_budget(64 * gibi) == 16 * gibi);
  CHECK(default_budget(8 * gibi) == 6 * gibi);
}

TEST_CASE("a job that could never fit is refused by name") {
  Template big, small;
  big.name = TemplateName("big");
  big.resources.memory_request = 3 * gibi;
  small.name = TemplateName("small");
  small.resources.memory_request = 2 * gibi;
  QueueSettings settings;
  settings.memory_budget = 2 * gibi;
  const std::vector<Template> both = {big, small};
  const auto errors = never_admissible(make_policy(settings, both, 64 * gibi));
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].what() ==
        "template big needs 3221225472 bytes of memory and the budget is 2147483648: it could never start; "
        "lower its memory request or raise queue.memory_budget");
}

TEST_CASE("delays double up to the limit, and jitter keeps runs apart") {
  RetryPolicy policy;
  policy.base = 10s;
  policy.limit = 300s;
  std::set<std::int64_t> different;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::chrono::milliseconds whole[] = {10s, 20s, 40s, 80s, 160s, 300s, 300s};
    for (int failures = 1; failures <= 7; ++failures) {
      const auto delay = backoff(policy, failures, seed);
      CHECK(delay <= whole[failures - 1]);
      CHECK(delay >= whole[failures - 1] / 2);
      CHECK(delay == backoff(policy, failures, seed));
    }
    different.insert(backoff(policy, 3, seed).count());
  }
  CHECK(different.size() > 150);
  CHECK(backoff(policy, 1'000'000, 1) <= 300s);
}

TEST_CASE("the time ends patience with a server that is away, a full disk and at the hand-off, else the number of retries") {
  RetryPolicy policy;
  policy.retries = 5;
  policy.patience = 24h;
  const Clock::time_point now(std::chrono::hours(1000));
  struct Row {
    int failures;
    std::chrono::hours ago;
    Stage stage;
    WaitingFor reason;
    bool again;
  };
  constexpr auto git = WaitingFor::git, registry = WaitingFor::registry, disk = WaitingFor::disk, other = WaitingFor::retry;
  const Row rows[] = {{0, 0h, Stage::build, other, true},         {4, 50h, Stage::checkout, other, true},
                      {5, 1h, Stage::build, other, false},        {500, 23h, Stage::checkout, git, true},
                      {500, 23h, Stage::build, registry, true},   {1, 24h, Stage::checkout, git, false},
                      {500, 23h, Stage::build, disk, true},       {1, 24h, Stage::checkout, disk, false},
                      {0, 0h, Stage::handoff, other, true},       {500, 23h, Stage::handoff, git, true},
                      {500, 23h, Stage::handoff, other, true},    {1, 24h, Stage::handoff, other, false}};
  for (const auto& row : rows) {
    CAPTURE(row.failures, row.ago.count(), name(row.stage), name(row.reason));
    const Trouble trouble(row.failures, row.failures == 0 ? std::nullopt : std::optional(now - row.ago));
    const auto when = next_try(policy, trouble, row.stage, row.reason, now, 7);
    CHECK(when.has_value() == row.again);
    if (when) CHECK(*when > now);
  }
}

TEST_CASE("what is built goes on at the hand-off") {
  CHECK(resume_at(true) == Stage::handoff);
  CHECK(resume_at(false) == Stage::checkout);
}

TEST_CASE("how long finished runs stay") {
  Retention keep;
  keep.keep_last = 2;
  struct Row {
    const char* what;
    RunState state;
    std::chrono::minutes age;
    std::size_t newer;
    bool delete_on_success, goes;
  };
  const Row rows[] = {
      {"fresh", RunState::succeeded, 59min, 9, false, false},
      {"an hour old", RunState::succeeded, 60min, 9, false, true},
      {"superseded likewise", RunState::superseded, 60min, 2, false, true},
      {"one of the last of its template", RunState::succeeded, 600min, 1, false, false},
      {"failed", RunState::failed, 600min, 9, false, false},
      {"failed long ago", RunState::failed, 24h * 7, 9, false, true},
      {"deleted on success, within the grace", RunState::succeeded, 4min, 0, true, false},
      {"deleted on success", RunState::succeeded, 5min, 0, true, true},
      {"deleted on success, but it failed", RunState::failed, 5min, 9, true, false},
      {"queued", RunState::queued, 24h * 99, 9, true, false},
  };
  const Clock::time_point now(24h * 1000);
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(expired(keep, row.state, now - row.age, row.newer, row.delete_on_success, now) == row.goes);
  }
}

#include "io/task_group.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "io/time.hpp"
#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::ManualTime;
using test::run_coroutine;

namespace {

Task<> sleep(io::TimeSource& time, Clock::duration duration, std::string name, std::vector<std::string>& ended) {
  co_await time.sleep_for(duration);
  ended.push_back(std::move(name));
}

Task<> throw_now() {
  throw std::runtime_error("boom");
  co_return;
}

// Takes its time to end: a clean-up that awaits after the cancellation.
Task<> end_slowly(io::TimeSource& time, std::vector<std::string>& ended) {
  bool cancelled = false;
  try {
    co_await time.sleep_for(1h);
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  io::SystemTime real;
  co_await real.sleep_for(1ms);
  ended.push_back(cancelled ? "cleaned up" : "never cancelled");
}

}  // namespace

TEST_CASE("tasks run at virtual speed, in the order of their times") {
  asio::io_context loop(1);
  ManualTime time;
  io::TaskGroup group(loop.get_executor(), Log());
  std::vector<std::string> ended;
  group.spawn("late", sleep(time, 2h, "late", ended));
  group.spawn("early", sleep(time, 1h, "early", ended));
  loop.poll();
  CHECK(group.names() == std::vector<std::string>{"late", "early"});
  CHECK(ended.empty());
  time.advance(1h);
  loop.restart();
  loop.poll();
  CHECK(ended == std::vector<std::string>{"early"});
  time.advance(1h);
  loop.restart();
  loop.poll();
  CHECK(ended == std::vector<std::string>{"early", "late"});
  CHECK(group.size() == 0);
}

TEST_CASE("what a task throws is logged with its name and ends no other") {
  const test::TmpDir dir;
  asio::io_context loop(1);
  ManualTime time;
  std::vector<std::string> ended;
  {
    io::TaskGroup group(loop.get_executor(), Log::to_file((dir / "log").string(), LogFormat::text, LogLevel::info));
    group.spawn("bad apple", throw_now());
    group.spawn("good", sleep(time, 0s, "good", ended));
    loop.run();
  }
  CHECK(ended == std::vector<std::string>{"good"});
  CHECK_THAT(test::read_file(dir / "log"), Catch::Contains("level=error msg=\"task failed\" task=\"bad apple\" error=boom\n"));
}

TEST_CASE("stop cancels every task, join waits for clean-up, and no error is logged") {
  const test::TmpDir dir;
  asio::io_context loop(1);
  ManualTime time;
  std::vector<std::string> ended;
  io::TaskGroup group(loop.get_executor(), Log::to_file((dir / "log").string(), LogFormat::text, LogLevel::info));
  group.spawn("cleaner", end_slowly(time, ended));
  group.spawn("sleeper", sleep(time, 1h, "sleeper", ended));
  loop.poll();
  group.stop();
  CHECK(run_coroutine(loop, group.join(1min)));
  CHECK(ended == std::vector<std::string>{"cleaned up"});
  group.spawn("too late", sleep(time, 0s, "too late", ended));
  CHECK(group.size() == 0);
  CHECK(test::read_file(dir / "log").empty());
}

TEST_CASE("join gives up at its limit and names who did not end") {
  const test::TmpDir dir;
  asio::io_context loop(1);
  ManualTime time;
  std::vector<std::string> ended;
  io::TaskGroup group(loop.get_executor(), Log::to_file((dir / "log").string(), LogFormat::text, LogLevel::info));
  group.spawn("stubborn", sleep(time, 1h, "stubborn", ended));
  loop.poll();
  CHECK_FALSE(run_coroutine(loop, group.join(1ms)));
  CHECK_THAT(test::read_file(dir / "log"), Catch::Contains("task=stubborn"));
  time.advance(1h);
  run_coroutine(loop, group.wait_until_empty());
  CHECK(ended == std::vector<std::string>{"stubborn"});
}

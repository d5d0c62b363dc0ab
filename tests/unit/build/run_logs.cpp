#include "build/run_logs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using build::RunLogs;
using build::Stream;

namespace {

const Clock::time_point start(std::chrono::milliseconds(1'795'393'986'123));

struct Fixture {
  explicit Fixture(std::uint64_t limit = 1 << 20) : logs(dir.path(), limit, time) {}
  std::string text(std::int64_t run = 7) const { return test::read_file(logs.file(RunId(run))); }
  test::TmpDir dir;
  test::ManualTime time{start};
  RunLogs logs;
};

}  // namespace

TEST_CASE("a log is one line an entry, with time, stage and stream") {
  Fixture f;
  std::vector<StageRecord> seen;
  const auto log = f.logs.begin(RunId(7), [&](const StageRecord& record) { seen.push_back(record); });
  log->stage(Stage::check);
  log->write(Stream::out, "one\ntw");
  log->write(Stream::err, "warn\r\n");
  f.time.advance(std::chrono::milliseconds(2000));
  log->write(Stream::out, "o\n\x1b[31mred\x1b[0m");
  log->stage_done(Stage::check, "failed", "12 tests, 1 failed: test_total");

  CHECK(f.text() ==
        "2026-11-23T00:33:06.123Z check note begins\n"
        "2026-11-23T00:33:06.123Z check out one\n"
        "2026-11-23T00:33:06.123Z check err warn\n"
        "2026-11-23T00:33:08.123Z check out two\n"
        "2026-11-23T00:33:08.123Z check out \x1b[31mred\x1b[0m\n"
        "2026-11-23T00:33:08.123Z check note failed: 12 tests, 1 failed: test_total\n");
  REQUIRE(seen.size() == 2);
  CHECK_FALSE(seen[0].finished);
  CHECK(seen[1].started == start);
  CHECK(seen[1].finished == start + std::chrono::seconds(2));
  CHECK(seen[1].detail == "12 tests, 1 failed: test_total");
  CHECK(log->last_lines(2) == "two\nred");
}

TEST_CASE("a secret shows in no line, detail, note or last line") {
  Fixture f;
  std::string detail;
  const auto log = f.logs.begin(RunId(7), [&](const StageRecord& record) { detail = record.detail; });
  log->hide("s3cret");
  log->stage(Stage::build);
  log->write(Stream::out, "token s3c");
  log->write(Stream::err, "s3cret\n");
  log->write(Stream::out, "ret end\n");
  log->note("with s3cret");
  CHECK(log->last_lines(1) == "token *** end");
  log->stage_done(Stage::build, "failed", "s3cret is wrong");
  CHECK(detail == "*** is wrong");
  CHECK(f.text().find("s3cret") == std::string::npos);
}

TEST_CASE("an end that is told again in the same words is one line") {
  Fixture f;
  int ends = 0;
  const auto log = f.logs.begin(RunId(7), [&](const StageRecord& record) { ends += record.finished ? 1 : 0; });
  log->stage(Stage::build);
  log->stage_done(Stage::build, "failed", "it broke\nand more");
  log->stage_done(Stage::build, "failed", "it broke\nand more");
  log->note("failed: it broke\nand more");
  log->note("something else");
  CHECK(ends == 2);
  CHECK(f.text() ==
        "2026-11-23T00:33:06.123Z build note begins\n"
        "2026-11-23T00:33:06.123Z build note failed: it broke\n"
        "2026-11-23T00:33:06.123Z build note and more\n"
        "2026-11-23T00:33:06.123Z build note something else\n");
}

TEST_CASE("a run that starts again appends to its log") {
  Fixture f;
  f.logs.begin(RunId(7), nullptr)->note("first");
  CHECK_FALSE(f.logs.is_live(RunId(7)));
  f.logs.begin(RunId(7), nullptr)->note("second");
  CHECK(f.text() ==
        "2026-11-23T00:33:06.123Z checkout note first\n"
        "2026-11-23T00:33:06.123Z checkout note second\n");
  CHECK(f.logs.size(RunId(7)) == f.text().size());
}

TEST_CASE("a log beyond its limit keeps its beginning and its end, and says what is missing") {
  Fixture f(8000);
  {
    const auto log = f.logs.begin(RunId(7), nullptr);
    for (int i = 0; i < 1000; ++i) log->write(Stream::out, "line " + std::to_string(i) + "\n");
  }
  const std::string text = f.text();
  CHECK(text.size() < 8000 + 200);
  CHECK(text.find(" out line 0\n") != std::string::npos);
  CHECK(text.find(" out line 999\n") != std::string::npos);
  CHECK(text.find(" out line 500\n") == std::string::npos);
  CHECK(text.find("left out: the log's limit is 8000 bytes\n") != std::string::npos);
}

TEST_CASE("an endless line is cut") {
  Fixture f(1 << 20);
  const auto log = f.logs.begin(RunId(7), nullptr);
  log->write(Stream::out, std::string(40'000, 'x'));
  const std::string text = f.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("a follower wakes for new lines and when the log is closed") {
  Fixture f;
  asio::io_context loop(1);
  auto log = f.logs.begin(RunId(7), nullptr);
  std::vector<std::uint64_t> woken;
  const auto follow = [&]() -> Task<> {
    std::uint64_t seen = 0;
    while (f.logs.is_live(RunId(7))) {
      co_await f.logs.wait_for_more(RunId(7), seen);
      seen = f.logs.size(RunId(7));
      woken.push_back(seen);
    }
  };
  bool ended = false;
  asio::co_spawn(loop, follow(), [&](std::exception_ptr) { ended = true; });
  loop.poll();
  CHECK(woken.empty());
  log->note("one");
  loop.poll();
  CHECK(woken.size() == 1);
  log.reset();
  loop.restart();
  loop.poll();
  CHECK(ended);
  CHECK(woken.back() == f.text().size());
}

TEST_CASE("waiting for a log that nobody writes returns at once") {
  Fixture f;
  test::run_coroutine([&]() -> Task<> { co_await f.logs.wait_for_more(RunId(9), 100); });
  CHECK(f.logs.size(RunId(9)) == 0);
}

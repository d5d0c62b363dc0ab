// The parts of the SQLite queue that its contract does not show: records in segments, one bad operation among good ones.
#include <catch2/catch.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>

#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "queue/sqlite/rows.hpp"
#include "queue/sqlite/segments.hpp"
#include "queue/sqlite/writer.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

namespace {

using namespace slipway;
using namespace slipway::queue::sqlite;
using test::TmpDir;

const Headers headers = {{"X-Gitea-Event", {"push"}}, {"Accept", {"a", ""}}};

}  // namespace

TEST_CASE("a record reads back as it was written, and no part of one does") {
  std::string record;
  const std::string body("bytes \0 and more", 16);
  append_record(record, headers.text(), "/hooks", "{}", body);
  const auto whole = parse_record(record);
  REQUIRE(whole);
  CHECK(whole->headers == headers);
  CHECK(whole->target == "/hooks");
  CHECK(whole->verdict == "{}");
  CHECK(whole->body == body);
  for (std::size_t size = 0; size < record.size(); ++size) CHECK_FALSE(parse_record(std::string_view(record).substr(0, size)));
  for (const std::size_t damaged : {std::size_t(0), std::size_t(5), std::size_t(22), std::size_t(40), record.size() - 1}) {
    std::string other = record;
    other[damaged] = static_cast<char>(other[damaged] ^ 1);
    CAPTURE(damaged);
    CHECK_FALSE(parse_record(other));
  }
}

TEST_CASE("segments go on behind what a crash left, and rotate by size") {
  const TmpDir dir;
  Extent first, torn, second, third;
  const std::string long_body = random_hex(300);  // more than 200 bytes, however well it is packed
  {
    Segments segments(dir.path(), 200);
    first = segments.append(headers.text(), "/", "{}", "one");
    segments.write();
    CHECK(segments.synced());
    torn = segments.append(headers.text(), "/", "{}", "never synced");
    segments.discard();
  }
  CHECK_FALSE(read_record(dir.path(), torn));
  test::write_file(segment_file(dir.path(), 1), test::read_file(segment_file(dir.path(), 1)) + "SLD2 torn tail");
  {
    Segments segments(dir.path(), 200);
    CHECK(segments.current() == 1);
    second = segments.append(headers.text(), "/", "{}", long_body);
    segments.write();
    CHECK(segments.synced());
    third = segments.append(headers.text(), "/", "{}", "three");
    segments.write();
    CHECK(segments.current() == 2);
  }
  CHECK(read_record(dir.path(), first)->body == "one");
  CHECK(read_record(dir.path(), second)->body == long_body);
  CHECK(read_record(dir.path(), third)->body == "three");
  CHECK(third.segment == 2);
  CHECK(list_segments(dir.path()) == std::vector<std::int64_t>{1, 2});
  CHECK_FALSE(read_record(dir.path(), Extent(7, 0, 10)));
  CHECK_FALSE(read_record(dir.path(), Extent()));
}

TEST_CASE("a pending delivery whose bytes a power failure took is judged anew by comparing heads") {
  const TmpDir dir;
  const queue::Options options;
  const auto now = Clock::now();
  Delivery delivery;
  delivery.push.repository = RepoName("Org/app");
  delivery.push.ref = "refs/heads/main";
  delivery.body = std::make_shared<std::string>(5000, 'x');
  Verdict verdict;
  verdict.pending = true;
  const queue::Decision pending(verdict);
  {
    Store store(dir.path(), options, now);
    for (const char* step : {"ab", "bc", "cd"}) {
      delivery.id = DeliveryId(step);
      delivery.push.before = CommitSha(std::string(40, step[0]));
      delivery.push.after = CommitSha(std::string(40, step[1]));
      store.begin();
      store.accept(delivery, pending, now);
      store.commit();
    }
  }
  const auto file = segment_file(dir.path(), 1);
  const auto bytes = test::read_file(file);
  test::write_file(file, bytes.substr(0, bytes.size() / 2));
  Store store(dir.path(), options, now);
  Database database(dir / "queue.db", Database::Mode::read_only);
  auto row = database.query("SELECT count(*) FROM deliveries WHERE pending = 1");
  REQUIRE(row.next());
  CHECK(row.integer(0) == 1);
  auto seen = database.query("SELECT lower(hex(seen)) FROM branches");
  REQUIRE(seen.next());
  CHECK(seen.text(0) == std::string(40, 'b'));
}

TEST_CASE("verdicts and parameters as JSON") {
  Verdict verdict;
  verdict.runs.emplace_back().template_name = TemplateName("t\"1");
  verdict.runs.back().trigger = "on";
  verdict.skipped.emplace_back("other", "it failed", true);
  const queue::Decision decision(verdict);
  CHECK(decision.json() ==
        R"({"runs":[{"template":"t\"1","trigger":"on"}],"skipped":[{"trigger":"other","reason":"it failed","error":true}]})");
  CHECK(decision.skipped().view() == R"("skipped":[{"trigger":"other","reason":"it failed","error":true}]})");
  CHECK(queue::Decision(Verdict()).skipped().view() == R"("skipped":[]})");
  CHECK(requests_from(decision.json()).at(0).template_name == TemplateName("t\"1"));
  CHECK(requests_from("not json").empty());
  const Parameters parameters = {{"a", "b\n"}, {"c", ""}};
  CHECK(parameters_from(to_json(parameters)) == parameters);
  CHECK(parameters_from("[]").empty());
}

TEST_CASE("an operation that fails does not take those along that share its transaction") {
  const TmpDir dir;
  asio::io_context loop(1);
  queue::Options options;
  Writer writer(std::make_unique<Store>(dir / "state", options, Clock::now()), options, loop.get_executor(), [](News) {}, Log());
  int held = 0, failed = 0;
  auto hold = [&](int number) -> Task<> {
    auto job = [&](Store& store) { store.hold(TemplateName(std::to_string(number)), "x", Clock::now()); };
    co_await writer.run(std::move(job));
    ++held;
  };
  auto spoil = [&]() -> Task<> {
    auto job = [&](Store& store) {
      store.hold(TemplateName("spoilt"), "x", Clock::now());
      throw std::logic_error("a bug");
    };
    try {
      co_await writer.run(std::move(job));
    } catch (const std::logic_error&) {
      ++failed;
    }
  };
  auto ended = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  for (int i = 0; i < 10; ++i) {
    asio::co_spawn(loop, hold(i), ended);
    if (i % 3 == 0) asio::co_spawn(loop, spoil(), ended);
  }
  loop.run();
  CHECK(held == 10);
  CHECK(failed == 4);
  auto ask = [&](const std::string& name) {
    auto job = [&](Store& store) { return store.held(TemplateName(name)).has_value(); };
    return test::run_coroutine(loop, writer.run(std::move(job)));
  };
  CHECK(ask("9"));
  CHECK_FALSE(ask("spoilt"));
  CHECK(writer.backlog().waiting == 0);
}

TEST_CASE("more than may wait is refused at once") {
  const TmpDir dir;
  asio::io_context loop(1);
  queue::Options options;
  options.max_waiting_bytes = 1000;
  Writer writer(std::make_unique<Store>(dir / "state", options, Clock::now()), options, loop.get_executor(), [](News) {}, Log());
  int done = 0, refused = 0;
  auto one = [&]() -> Task<> {
    auto job = [](Store&) {};
    try {
      co_await writer.run(std::move(job), 600);
      ++done;
    } catch (const Unavailable&) {
      ++refused;
    }
  };
  auto ended = [](std::exception_ptr) {};
  for (int i = 0; i < 3; ++i) asio::co_spawn(loop, one(), ended);
  loop.run();
  CHECK(done >= 1);
  CHECK(done + refused == 3);
}

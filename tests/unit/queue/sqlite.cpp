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

TEST_CASE("a record reads back as it was written, with its sample, and no part of one does") {
  const std::string body("bytes \0 and more", 16);
  const PayloadText payload{headers.text(), "/hooks", "{}", body};
  const auto is_payload = [&](const std::optional<Payload>& read) {
    return read && read->headers == headers && read->target == "/hooks" && read->verdict == "{}" && read->body == body;
  };
  Packer packer;
  std::string alone, sampled;
  packer.append(alone, payload);
  packer.use(sample_from(alone));
  packer.append(sampled, payload);
  const auto sample = sample_from(alone);
  REQUIRE(sample);
  CHECK(sample->record == alone.size());
  CHECK(sample_record_length(alone.substr(0, record_prefix)) == alone.size());
  CHECK(sample_length(alone) == 0);
  CHECK(sample_length(sampled) == alone.size());
  CHECK(sampled.size() < alone.size() - 20);
  CHECK(is_payload(parse_record(alone)));
  CHECK(is_payload(parse_record(alone, sample)));
  CHECK(is_payload(parse_record(sampled, sample)));
  CHECK_FALSE(parse_record(sampled));
  CHECK_FALSE(sample_from(sampled));
  for (const std::string& record : {alone, sampled}) {
    for (std::size_t size = 0; size < record.size(); ++size) CHECK_FALSE(parse_record(std::string_view(record).substr(0, size), sample));
    for (std::size_t damaged = 0; damaged < record.size(); ++damaged) {
      std::string other = record;
      other[damaged] = static_cast<char>(other[damaged] ^ 1);
      CAPTURE(damaged);
      CHECK_FALSE(parse_record(other, sample));
    }
  }
}

TEST_CASE("records of any length are packed, with a sample and without, long ones without keeping their memory") {
  Packer packer;
  std::string first;
  packer.append(first, {headers.text(), "/", "{}", std::string(40'000, 'a')});
  std::string huge;
  packer.append(huge, {headers.text(), "/", "{}", std::string(100'000, 'a')});
  CHECK_FALSE(sample_from(huge));
  CHECK(sample_record_length(huge) == huge.size());  // as it is packed it could be one
  for (const bool with_sample : {false, true}) {
    const auto sample = with_sample ? sample_from(first) : std::nullopt;
    packer.use(sample);
    for (const std::size_t length : {0u, 1u, 1000u, 65'535u, 65'537u, 3'000'000u}) {
      const std::string body = random_hex(length / 2) + std::string(length - length / 2 * 2, 'x');
      std::string record = "before";
      packer.append(record, {headers.text(), "/", "{}", body});
      const auto read = parse_record(std::string_view(record).substr(6), sample);
      REQUIRE(read);
      CHECK(read->body == body);
    }
  }
}

TEST_CASE("a lost segment's number is not used again") {
  const TmpDir dir;
  Headers headers;
  const auto number = [&](std::int64_t last_known) {
    Segments segments(dir.path(), 1 << 20, last_known);
    const Extent extent = segments.append({headers.text(), "/", "{}", "body"});
    segments.write();
    CHECK(segments.synced());
    return extent.segment;
  };
  CHECK(number(0) == 1);
  CHECK(number(1) == 1);
  CHECK(number(5) == 6);
  CHECK(number(6) == 6);
}

TEST_CASE("segments go on behind what a crash left, and rotate by size") {
  const TmpDir dir;
  Extent first, torn, second, third;
  const std::string long_body = random_hex(300);  // more than 200 bytes, however well it is packed
  {
    Segments segments(dir.path(), 200);
    first = segments.append({headers.text(), "/", "{}", "one"});
    segments.write();
    CHECK(segments.synced());
    torn = segments.append({headers.text(), "/", "{}", "never synced"});
    segments.discard();
  }
  CHECK_FALSE(read_record(dir.path(), torn));
  test::write_file(segment_file(dir.path(), 1), test::read_file(segment_file(dir.path(), 1)) + "SLD3 torn tail");
  {
    Segments segments(dir.path(), 200);
    CHECK(segments.current() == 1);
    second = segments.append({headers.text(), "/", "{}", long_body});
    segments.write();
    CHECK(segments.synced());
    third = segments.append({headers.text(), "/", "{}", "three"});
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

TEST_CASE("the first record of a segment is the sample of the others once it is on the disk, also after a restart") {
  const TmpDir dir;
  const std::string body = random_hex(1000);
  const auto add = [&](Segments& segments, bool keep) {
    const Extent extent = segments.append({headers.text(), "/", "{}", body});
    if (keep) {
      segments.write();
      REQUIRE(segments.synced());
    } else {
      segments.discard();
    }
    return extent;
  };
  std::vector<Extent> kept;
  {
    Segments segments(dir.path(), 1 << 20);
    add(segments, false);
    const Extent first = add(segments, true);
    CHECK(first.offset == 0);
    CHECK(first.length > 1000);
    kept = {first, add(segments, true)};
  }
  {
    Segments segments(dir.path(), 1 << 20);
    kept.push_back(add(segments, true));
  }
  CHECK(kept[1].length < 200);
  CHECK(kept[2].length < 200);
  for (const Extent& extent : kept) CHECK(read_record(dir.path(), extent).value().body == body);
  // What was packed against a record that is damaged later is lost with it, and what comes then stands alone.
  const auto file = segment_file(dir.path(), 1);
  std::string bytes = test::read_file(file);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  test::write_file(file, bytes);
  for (const Extent& extent : kept) CHECK_FALSE(read_record(dir.path(), extent));
  Segments segments(dir.path(), 1 << 20);
  const Extent alone = add(segments, true);
  CHECK(alone.length > 1000);
  CHECK(read_record(dir.path(), alone).value().body == body);
}

TEST_CASE("a branch is where a transaction's pushes left it, and where it was before if that came to nothing") {
  const TmpDir dir;
  const queue::Options options;
  const auto now = Clock::now();
  const queue::Decision nothing{Verdict()};
  std::optional<Store> store(std::in_place, dir.path(), options, now);
  int count = 0;
  const auto accept = [&](const char* step) {
    Delivery delivery;
    delivery.id = DeliveryId("d" + std::to_string(++count));
    delivery.push.repository = RepoName("Org/app");
    delivery.push.ref = "refs/heads/main";
    delivery.push.before = CommitSha(std::string(40, step[0]));
    delivery.push.after = CommitSha(std::string(40, step[1]));
    return store->accept(delivery, nothing, now);
  };
  store->begin();
  CHECK_FALSE(accept("ab").duplicate);
  CHECK(accept("ab").duplicate);
  CHECK_FALSE(accept("ba").gap);
  CHECK_FALSE(accept("ab").duplicate);
  store->commit();
  store->begin();
  CHECK_FALSE(accept("bc").gap);
  CHECK_FALSE(accept("cd").gap);
  store->abort();
  for (const bool reopened : {false, true}) {
    CAPTURE(reopened);
    if (reopened) store.emplace(dir.path(), options, now);
    store->begin();
    CHECK(accept("ab").duplicate);
    CHECK(accept("cd").gap);
    store->abort();
  }
  store->begin();
  CHECK_FALSE(accept("bc").gap);
  store->commit();
  Database database(dir / "queue.db", Database::Mode::read_only);
  auto branch = database.query("SELECT lower(hex(b.before)), lower(hex(b.after)), lower(hex(b.seen)), d.id FROM branches b "
                               "JOIN deliveries d ON d.number = b.delivery");
  REQUIRE(branch.next());
  CHECK(branch.text(0) == std::string(40, 'b'));
  CHECK(branch.text(1) == std::string(40, 'c'));
  CHECK(branch.text(2) == std::string(40, 'c'));
  CHECK(branch.text(3) == "d" + std::to_string(count));
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

#include "run/handoffs.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "house.hpp"
#include "support/manual_time.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

/// Takes every tag, once it is let through.
class AnyRegistry final : public build::Registry {
 public:
  std::vector<std::string> asked, moved;  ///< image and digest
  bool waits = false;
  std::string refuses;                    ///< a digest
  Task<std::optional<build::Manifest>> find(const std::string&, const std::string&) override { co_return std::nullopt; }
  Task<> tag(const std::string& image, const Digest& digest, const std::string&) override {
    const std::string what = image + "@" + digest.value();
    asked.push_back(what);
    while (waits) co_await asio::post(asio::use_awaitable);
    if (digest.value() == refuses) throw Refused("denied");
    moved.push_back(what);
  }
  Task<> login() override { co_return; }
};

/// The writer at work, with a clock that the test moves.
struct Writer {
  test::House house;
  test::ManualTime time;
  io::HttpClient http;
  AnyRegistry registry;
  run::DriftWatch drift{house.infra, http, time, Log()};
  std::optional<run::Handoffs> handoffs;
  asio::cancellation_signal stop;
  std::size_t done = 0;

  explicit Writer(std::chrono::milliseconds gather) {
    house.settings.gather = gather;
    const run::HandOffTools tools{house.infra, house.sources, *house.store.queue, time, Log()};
    handoffs.emplace(tools, house.settings, registry, drift, house.loop.get_executor());
    asio::co_spawn(house.loop, handoffs->serve(), asio::bind_cancellation_slot(stop.slot(), asio::detached));
  }
  ~Writer() {
    asio::post(house.loop, [this] { stop.emit(asio::cancellation_type::all); });
    house.loop.restart();
    house.loop.poll();
  }

  void ask(const std::string& file, const std::string& image = "app", const std::string& digest = "dd") {
    auto wish = house.wish('a', file, file);
    wish.results.image = image;
    wish.results.digest = Digest(digest);
    asio::co_spawn(house.loop, one(std::move(wish)), asio::detached);
  }
  Task<> one(run::HandOff wish) {
    co_await handoffs->hand_off(std::move(wish), house.log);
    ++done;
  }
  /// Lets the writer go on until it is so: its queue's thread waits for a disk.
  template <class Condition>
  void until(Condition condition) {
    for (const auto end = std::chrono::steady_clock::now() + 30s; !condition(); house.loop.run_one_for(10ms)) {
      if (std::chrono::steady_clock::now() > end) FAIL("it never came to be");
      house.loop.restart();
    }
  }
  void until_it_sleeps() {
    until([&] { return time.sleepers() == 1; });
  }
  /// A wish stands in its line when the loop has nothing left to do at once.
  void asked(const std::string& file) {
    ask(file);
    house.loop.restart();
    house.loop.poll();
  }
};

}  // namespace

TEST_CASE("hand-offs are gathered for as long as configured, from the first one on") {
  Writer writer(2s);
  writer.asked("a.yaml");
  writer.until_it_sleeps();
  writer.time.advance(1s);
  writer.asked("b.yaml");
  CHECK(writer.time.sleepers() == 1);
  CHECK(writer.house.infra.pushes == 0);
  writer.time.advance(1s);
  writer.until([&] { return writer.done == 2; });
  CHECK(writer.house.infra.pushes == 1);
  CHECK(writer.house.infra.pushed.size() == 2);
}

TEST_CASE("latest is moved in the order of the hand-offs, one move at a time for each image, and no further back") {
  Writer writer(0s);
  for (const char* file : {"c.yaml", "d.yaml"}) writer.house.infra.files[file] = "image:\n  tag: old\n";
  writer.registry.waits = true;
  writer.ask("a.yaml", "app", "1");
  writer.until([&] { return writer.registry.asked.size() == 1; });
  std::size_t landed = 1;
  for (const auto& [file, image] : {std::pair("b.yaml", "app"), std::pair("c.yaml", "app"), std::pair("d.yaml", "other")}) {
    writer.ask(file, image, std::to_string(++landed));
    writer.until([&] { return writer.house.infra.pushed.size() == landed; });
  }
  writer.until([&] { return writer.registry.asked.size() == 2; });
  CHECK(writer.registry.asked == std::vector<std::string>{"app@1", "other@4"});
  SECTION("what came later is moved alone") { writer.registry.refuses = "none"; }
  SECTION("also after one that failed") { writer.registry.refuses = "1"; }
  writer.registry.waits = false;
  writer.until([&] { return writer.done == 4; });
  CHECK(writer.registry.asked == std::vector<std::string>{"app@1", "other@4", "app@3"});
  CHECK(writer.registry.moved.back() == "app@3");
  const auto& notes = writer.house.log.notes;
  CHECK(std::count(notes.begin(), notes.end(), "app:latest is left to a later hand-off") == 1);
}

TEST_CASE("what came while a batch was pushed has waited already") {
  Writer writer(2s);
  writer.house.infra.races = 1;  // the first push goes on until its second attempt
  writer.asked("a.yaml");
  writer.until_it_sleeps();
  writer.time.advance(2s);
  writer.until([&] { return writer.house.infra.races == 0 && writer.time.sleepers() == 1; });
  writer.asked("b.yaml");
  CHECK(writer.house.infra.pushes == 0);
  writer.time.advance(5s);
  writer.until([&] { return writer.done == 2; });
  CHECK(writer.house.infra.pushes == 2);
}

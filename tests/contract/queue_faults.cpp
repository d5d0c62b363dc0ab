// What every Queue promises (server/queue/queue.hpp): full disks and SIGKILL.
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

}  // namespace

namespace {

/// Limits the size of files while it lives: writing beyond fails as on a full disk.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

Delivery bulky(int number, std::size_t size = 3000) {
  auto delivery = push(std::to_string(number), sha_of(number), sha_of(number + 1));
  delivery.body = std::make_shared<std::string>(size, static_cast<char>('a' + number % 26));
  return delivery;
}

/// Everything that is stored agrees with the `accepted` first pushes, and with nothing else.
void check_stored(World& world, int accepted, std::size_t size) {
  const auto deliveries = [&] {
    queue::DeliveryFilter filter;
    filter.at_most = 100'000;
    return world.get(world.reader->deliveries(filter));
  }();
  CHECK(deliveries.size() == static_cast<std::size_t>(accepted));
  queue::RunFilter filter;
  filter.at_most = 100'000;
  CHECK(world.get(world.reader->runs(filter)).size() == static_cast<std::size_t>(accepted));
  for (const auto& delivery : deliveries) {
    const auto stored = world.get(world.reader->delivery(delivery.id)).value();
    const auto sent = bulky(std::stoi(stored.id.value()), size);
    if (stored.body != *sent.body || stored.runs != 1) FAIL("delivery " << stored.id.value() << " is stored in part");
  }
}

bool try_accept(World& world, int number, std::size_t size) {
  try {
    world.accept(bulky(number, size), matches({"t"}));
    return true;
  } catch (const Unavailable&) {
    return false;
  }
}

}  // namespace

TEST_CASE("a full disk refuses, changes nothing, and is recovered from without help") {
  // Large bodies meet the limit in the segment, small ones in the log; each limit at another point of a transaction.
  const std::size_t size = GENERATE(3000, 10);
  for (rlim_t limit = 200'000; limit < 230'000; limit += 7'300) {
    CAPTURE(size, limit);
    World world;
    int accepted = 0;
    {
      const SmallFiles small(limit);
      while (accepted < 1000 && try_accept(world, accepted + 1, size)) ++accepted;
      CHECK(accepted < 1000);
      CHECK_FALSE(try_accept(world, accepted + 1, size));
    }
    check_stored(world, accepted, size);
    CHECK(try_accept(world, accepted + 1, size));
    ++accepted;
    CHECK(world.claim()->run.commit == sha_of(accepted + 1));
    world.reopen();
    check_stored(world, accepted, size);
  }
}

TEST_CASE("work on runs is refused as well while the disk is full, and goes on afterwards") {
  World world;
  world.accept(push("1", sha('a'), sha('b')), matches({"t"}));
  {
    const SmallFiles small(1000);
    CHECK_THROWS_AS(world.claim(), Unavailable);
    CHECK_THROWS_AS(world.claim(), Unavailable);
  }
  const auto claim = world.claim().value();
  CHECK(claim.run.attempts == 1);
  {
    const SmallFiles small(1000);
    CHECK_THROWS_AS(world.finish(claim.lease, done), Unavailable);
  }
  CHECK(world.finish(claim.lease, done));
  CHECK(world.state(claim.lease.run) == RunState::succeeded);
}

TEST_CASE("what was acknowledged before SIGKILL is there afterwards, whole and once") {
  World world;
  world.close();
  int sent = 0;
  std::set<int> acknowledged;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      world.open();
      int next = sent;
      auto sender = [&]() -> Task<> {
        for (;;) {
          const int number = ++next;
          const Delivery delivery = bulky(number);
          const queue::Decision decision(matches({"t"}));
          co_await world.queue->accept(delivery, decision);
          if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(1);
        }
      };
      auto ended = [](std::exception_ptr) { ::_exit(1); };
      for (int i = 0; i < 8; ++i) asio::co_spawn(*world.loop, sender(), ended);
      world.loop->run();
      ::_exit(1);
    }
    ::close(ends[1]);
    int number = 0;
    const std::size_t enough = acknowledged.size() + 40 + 17 * static_cast<std::size_t>(round);
    bool killed = false;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.insert(number);
      sent = std::max(sent, number);
      if (!killed && acknowledged.size() >= enough) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    sent += 8;  // those under way may be stored without having been acknowledged
  }
  world.open();
  for (const int one : acknowledged) {
    const auto stored = world.get(world.reader->delivery(DeliveryId(std::to_string(one))));
    if (!stored || stored->body != *bulky(one).body || stored->runs != 1) FAIL("delivery " << one << " is lost");
    const auto again = world.accept(bulky(one), matches({"t"}));
    if (!again.duplicate || again.runs.size() != 1) FAIL("delivery " << one << " would be built twice");
  }
  std::set<RunId> seen;
  for (auto claim = world.claim(); claim; claim = world.claim()) {
    CHECK(seen.insert(claim->lease.run).second);
    world.finish(claim->lease, done);
  }
  CHECK(seen.size() >= acknowledged.size());
}

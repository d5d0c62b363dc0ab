#include "run/service.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "base/failure.hpp"
#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"

using namespace slipway;

namespace {

/// Keeps a service going that has these accidents, one after the other; returns how often it began.
int begun(const std::vector<std::function<void()>>& accidents) {
  asio::io_context loop(1);
  test::ManualTime time;
  int times = 0;
  auto service = [&]() -> Task<> {
    const auto at = static_cast<std::size_t>(times++);
    if (at < accidents.size()) accidents[at]();
    co_return;
  };
  std::optional<std::exception_ptr> ended;
  asio::co_spawn(loop, run::keep_running("it", service, time, Log()), [&](std::exception_ptr error) { ended = error; });
  while (!ended) {
    loop.restart();
    loop.poll();
    time.advance(std::chrono::seconds(1));
  }
  if (*ended) std::rethrow_exception(*ended);
  return times;
}

}  // namespace

TEST_CASE("a service begins again after every accident, whatever its type, and ends when it has ended") {
  CHECK(begun({}) == 1);
  CHECK(begun({[] { throw Unavailable("the disk is full"); }, [] { throw Refused("no"); }}) == 3);
  CHECK(begun({[] { std::filesystem::create_directory("/proc/none/such"); }}) == 2);
  CHECK(begun({[] { throw std::logic_error("a bug"); }, [] { throw boost::system::system_error(asio::error::eof); }}) == 3);
}

TEST_CASE("a service that is cancelled does not begin again") {
  CHECK_THROWS_AS(begun({[] { throw boost::system::system_error(asio::error::operation_aborted); }}), boost::system::system_error);
}

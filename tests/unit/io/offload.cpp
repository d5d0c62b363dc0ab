#include "io/offload.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "support/run_coroutine.hpp"

using namespace slipway;
using test::run_coroutine;

TEST_CASE("blocking work runs on the pool and its result arrives on the loop") {
  asio::thread_pool pool(1);
  run_coroutine([&]() -> Task<> {
    const auto loop_thread = std::this_thread::get_id();
    auto work = [] { return std::this_thread::get_id(); };
    const auto pool_thread = co_await io::offload(pool, work);
    CHECK(pool_thread != loop_thread);
    CHECK(std::this_thread::get_id() == loop_thread);
  });
}

TEST_CASE("functions without a result, results that only move, and exceptions") {
  asio::thread_pool pool(1);
  run_coroutine([&]() -> Task<> {
    bool ran = false;
    auto nothing = [&] { ran = true; };
    co_await io::offload(pool, nothing);
    CHECK(ran);

    auto make = [text = std::make_unique<std::string>("moved")]() mutable { return std::move(text); };
    const auto text = co_await io::offload(pool, std::move(make));
    CHECK(*text == "moved");

    std::string caught;
    auto fail = []() -> int { throw std::runtime_error("boom"); };
    try {
      co_await io::offload(pool, fail);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    CHECK(caught == "boom");
  });
}

TEST_CASE("a cancelled task gets its result and learns of the cancellation at its next await") {
  asio::io_context loop(1);
  asio::thread_pool pool(1);
  std::promise<void> cancelled;
  std::string seen;
  const auto victim = [&]() -> Task<> {
    auto work = [&] {
      cancelled.get_future().wait();
      return std::string(60, 'x');
    };
    const auto result = co_await io::offload(pool, std::move(work));
    seen = result;
    co_await asio::post(asio::use_awaitable);
    seen += "never reached";
  };
  asio::cancellation_signal signal;
  std::exception_ptr error;
  asio::co_spawn(loop, victim(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; }));
  asio::post(loop, [&] {
    signal.emit(asio::cancellation_type::terminal);
    cancelled.set_value();
  });
  loop.run();
  CHECK(seen == std::string(60, 'x'));
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error), boost::system::system_error);
}

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <utility>

#include "io/time.hpp"

namespace slipway::test {

/// A clock that stands still until the test moves it. Sleepers wake, in the order of their times, on the loop.
class ManualTime final : public io::TimeSource {
 public:
  explicit ManualTime(Clock::time_point start = Clock::time_point(std::chrono::seconds(1'700'000'000))) : now_(start) {}

  Clock::time_point now() const override { return now_; }

  Task<> sleep_until(Clock::time_point when) override {
    const auto executor = co_await asio::this_coro::executor;
    while (now_ < when) {
      const auto sleeper = sleepers_.emplace(sleepers_.end(), executor, when);
      sleeper->timer.expires_at(asio::steady_timer::time_point::max());
      boost::system::error_code woken;
      co_await sleeper->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      const bool released = sleeper->released;
      sleepers_.erase(sleeper);
      if (!released) throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

  /// Moves the clock and wakes who has waited for it. They run when the loop runs next.
  void advance(Clock::duration duration) {
    now_ += duration;
    for (Sleeper* next = earliest(); next != nullptr; next = earliest()) {
      next->released = true;
      next->timer.cancel();
    }
  }

  std::size_t sleepers() const noexcept { return sleepers_.size(); }

 private:
  struct Sleeper {
    template <class Executor>
    Sleeper(const Executor& executor, Clock::time_point until) : timer(executor), when(until) {}
    asio::steady_timer timer;
    Clock::time_point when;
    bool released = false;
  };

  Sleeper* earliest() {
    Sleeper* first = nullptr;
    for (Sleeper& sleeper : sleepers_) {
      if (sleeper.released || sleeper.when > now_) continue;
      if (first == nullptr || sleeper.when < first->when) first = &sleeper;
    }
    return first;
  }

  Clock::time_point now_;
  std::list<Sleeper> sleepers_;
};

}  // namespace slipway::test

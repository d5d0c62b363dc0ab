#include "io/time.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace slipway::io {

Task<> SystemTime::sleep_until(Clock::time_point when) {
  // A step of the wall clock is noticed within a minute; a single steady timer would sleep through it.
  constexpr Clock::duration longest = std::chrono::minutes(1);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (Clock::duration left = when - now(); left > Clock::duration::zero(); left = when - now()) {
    timer.expires_after(std::min(left, longest));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace slipway::io

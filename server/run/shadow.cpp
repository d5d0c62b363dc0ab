#include "run/shadow.hpp"

namespace slipway::run {

Task<> shadow(queue::Queue& queue, io::TimeSource& time) {
  const RunOutcome unbuilt = Cancelled("shadow mode: it would have been built");
  while (true) {
    const auto claim = co_await queue.claim();
    if (claim) co_await queue.finish(claim->lease, unbuilt);
    else co_await queue.wait_for_work(time.now() + std::chrono::seconds(30));
  }
}

}  // namespace slipway::run

#pragma once

#include "io/time.hpp"
#include "queue/queue.hpp"

namespace slipway::run {

/// `serve --shadow`: decisions are recorded as runs, and every run ends unbuilt, so that nothing of it is left to do on the day that
/// the daemon takes over. Ends when cancelled.
Task<> shadow(queue::Queue& queue, io::TimeSource& time);

}  // namespace slipway::run

#pragma once

#include "io/time.hpp"
#include "queue/queue.hpp"

namespace slipway::run {

/// `serve --shadow`: decisions are recorded as runs, and every run ends without being built, so that none is left to do when the
/// daemon takes over for real. Ends when cancelled.
Task<> shadow(queue::Queue& queue, io::TimeSource& time);

}  // namespace slipway::run

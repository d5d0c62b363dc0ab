#pragma once

#include <chrono>

#include "io/task.hpp"

namespace slipway {

using Clock = std::chrono::system_clock;

namespace io {

/// Everything that asks for the time, or waits for one, asks here, so that tests run at virtual speed. Used on the loop.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual Clock::time_point now() const = 0;
  /// Returns when `when` has come; throws boost::system::system_error (operation_aborted) when the task is cancelled.
  virtual Task<> sleep_until(Clock::time_point when) = 0;
  Task<> sleep_for(Clock::duration duration) { return sleep_until(now() + duration); }
};

/// The machine's own clock.
class SystemTime final : public TimeSource {
 public:
  Clock::time_point now() const override { return Clock::now(); }
  Task<> sleep_until(Clock::time_point when) override;
};

}  // namespace io
}  // namespace slipway

#pragma once

#include <chrono>

#include "io/task.hpp"

namespace slipway {

using Clock = std::chrono::system_clock;

namespace io {

/// The only source of time and sleeping, so that tests can run in virtual time. Used on the loop.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual Clock::time_point now() const = 0;
  /// Returns once `when` is reached; throws boost::system::system_error (operation_aborted) if the task is cancelled.
  virtual Task<> sleep_until(Clock::time_point when) = 0;
  Task<> sleep_for(Clock::duration duration) { return sleep_until(now() + duration); }
};

/// The system clock.
class SystemTime final : public TimeSource {
 public:
  Clock::time_point now() const override { return Clock::now(); }
  Task<> sleep_until(Clock::time_point when) override;
};

}  // namespace io
}  // namespace slipway

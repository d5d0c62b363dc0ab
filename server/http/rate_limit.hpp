#pragma once

#include <chrono>
#include <cstdint>

namespace slipway::http {

/// Lets through up to `per_second` events per second, and counts those held back.
class RateLimit {
 public:
  using Steady = std::chrono::steady_clock;
  explicit RateLimit(std::uint32_t per_second) : limit_(per_second) {}

  /// Registers an event; true if it may pass.
  bool passes(Steady::time_point now = Steady::now()) noexcept {
    if (now - window_ >= std::chrono::seconds(1)) {
      window_ = now;
      passed_ = 0;
    }
    if (passed_ < limit_) {
      ++passed_;
      return true;
    }
    ++held_back_;
    return false;
  }

  /// Number of events held back since the last call.
  std::uint64_t take_held_back() noexcept {
    const std::uint64_t count = held_back_;
    held_back_ = 0;
    return count;
  }

 private:
  std::uint32_t limit_;
  Steady::time_point window_{};
  std::uint32_t passed_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace slipway::http

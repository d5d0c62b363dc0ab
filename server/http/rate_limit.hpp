#pragma once

#include <chrono>
#include <cstdint>

namespace slipway::http {

/// Lets through so many events a second, and counts those between.
class RateLimit {
 public:
  using Steady = std::chrono::steady_clock;
  explicit RateLimit(std::uint32_t per_second) : limit_(per_second) {}

  /// True when the event of this moment may pass.
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

  /// How many were held back since this was last asked.
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

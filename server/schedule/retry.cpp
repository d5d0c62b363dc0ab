#include "schedule/retry.hpp"

#include <algorithm>

namespace slipway::schedule {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014): one well-mixed number per seed.
std::uint64_t mixed(std::uint64_t seed) noexcept {
  seed += 0x9e3779b97f4a7c15ull;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ull;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebull;
  return seed ^ (seed >> 31);
}

}  // namespace

std::chrono::milliseconds backoff(const RetryPolicy& policy, int failures, std::uint64_t seed) noexcept {
  const int doublings = std::clamp(failures - 1, 0, 30);
  const auto base = std::max<std::int64_t>(policy.base.count(), 1);
  const auto limit = std::max<std::int64_t>(policy.limit.count(), 1);
  // Compare before shifting, so that a large base cannot overflow.
  const std::int64_t whole = base > (limit >> doublings) ? limit : base << doublings;
  const auto half = static_cast<std::uint64_t>(whole - whole / 2);
  const std::uint64_t jitter = mixed(seed ^ (static_cast<std::uint64_t>(failures) << 48)) % (half + 1);
  return std::chrono::milliseconds(whole / 2 + static_cast<std::int64_t>(jitter));
}

std::optional<Clock::time_point> next_try(const RetryPolicy& policy, const Trouble& so_far, Stage stage, WaitingFor reason,
                                          Clock::time_point now, std::uint64_t seed) {
  const int failures = so_far.failures + 1;
  const bool by_time = reason == WaitingFor::git || reason == WaitingFor::registry || reason == WaitingFor::disk;
  if (stage == Stage::handoff || by_time) {
    if (so_far.since && now - *so_far.since >= policy.patience) return std::nullopt;
  } else if (failures > policy.retries) {
    return std::nullopt;
  }
  return now + backoff(policy, failures, seed);
}

Stage resume_at(bool has_results) noexcept { return has_results ? Stage::handoff : Stage::checkout; }

}  // namespace slipway::schedule

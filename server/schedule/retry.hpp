#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "model/run.hpp"

namespace slipway::schedule {

/// How infrastructure failures are retried. A build's own failure never is.
struct RetryPolicy {
  RetryPolicy() = default;
  int retries = 5;                                 ///< before the hand-off, for a lost builder and the like
  std::chrono::milliseconds base{10'000};          ///< first delay
  std::chrono::milliseconds limit{300'000};        ///< longest delay
  std::chrono::seconds patience{24 * 3600};        ///< for unreachable servers, a full disk, and at the hand-off: since the first failure in a row
};

/// A run's consecutive infrastructure failures so far.
struct Trouble {
  Trouble() = default;
  Trouble(int count, std::optional<Clock::time_point> first) : failures(count), since(first) {}
  int failures = 0;                         ///< number in a row
  std::optional<Clock::time_point> since;   ///< time of the first
};

/// Exponential backoff with jitter: between half and the whole of min(limit, base·2^(failures-1)). The same seed and count
/// give the same delay; different seeds keep runs from retrying in lockstep. `failures` counts from 1.
std::chrono::milliseconds backoff(const RetryPolicy& policy, int failures, std::uint64_t seed) noexcept;

/// When to retry after one more failure in `stage`, or nothing if the run is to fail. For an unreachable server or a full disk
/// (`reason` is git, registry or disk) and at the hand-off, `patience` is the limit; otherwise (a lost builder) the number of retries.
std::optional<Clock::time_point> next_try(const RetryPolicy& policy, const Trouble& so_far, Stage stage, WaitingFor reason,
                                          Clock::time_point now, std::uint64_t seed);

/// Where a run left by a dead daemon, or retried by the operator, resumes: at the hand-off if its image exists.
Stage resume_at(bool has_results) noexcept;

}  // namespace slipway::schedule

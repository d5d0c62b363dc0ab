#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "model/run.hpp"

namespace slipway::schedule {

/// How accidents of the infrastructure are waited out. A build's own failure is never retried.
struct RetryPolicy {
  RetryPolicy() = default;
  int retries = 5;                                 ///< before the hand-off, of what no server has to come back for
  std::chrono::milliseconds base{10'000};          ///< first delay
  std::chrono::milliseconds limit{300'000};        ///< longest delay
  std::chrono::seconds patience{24 * 3600};        ///< with a server that is away, and at the hand-off: since the first failure in a row
};

/// What a run has been through so far.
struct Trouble {
  Trouble() = default;
  Trouble(int count, std::optional<Clock::time_point> first) : failures(count), since(first) {}
  int failures = 0;                         ///< accidents in a row
  std::optional<Clock::time_point> since;   ///< the first of them
};

/// Exponential backoff with jitter: between half and the whole of min(limit, base·2^(failures-1)). The same seed and count
/// give the same delay; different runs do not march in lockstep. `failures` counts from 1.
std::chrono::milliseconds backoff(const RetryPolicy& policy, int failures, std::uint64_t seed) noexcept;

/// When to try again after one more accident in `stage`, or nothing when patience has ended and the run fails. Where a server is
/// away (`reason` is git or registry), and at the hand-off, the time ends it; else (a lost builder, a full disk) the number of retries.
std::optional<Clock::time_point> next_try(const RetryPolicy& policy, const Trouble& so_far, Stage stage, WaitingFor reason,
                                          Clock::time_point now, std::uint64_t seed);

/// Where a run goes on that a dead daemon left running, or that a person retries: at the hand-off when its image is there.
Stage resume_at(bool has_results) noexcept;

}  // namespace slipway::schedule

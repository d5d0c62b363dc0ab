#pragma once

#include <cstdint>

namespace slipway::schedule {

/// The rules that together make the guarantees. The product runs with all of them; the simulation takes one away at a time
/// to show that its invariants notice (tests/simulate).
enum class Rule : std::uint32_t {
  duplicate_by_id = 1u << 0,      ///< the same delivery id with the same body makes no second run
  duplicate_by_push = 1u << 1,    ///< nor does the same push under a new id
  push_in_between = 1u << 2,      ///< … unless another push of that branch was stored in between: only the last one is compared
  chain = 1u << 3,                ///< a `before` that is not the last `after` is a gap, judged across
  newest_wins = 1u << 4,          ///< a queued ancestor of a newer queued commit is superseded
  never_backwards = 1u << 5,      ///< an ancestor of what is deployed is not handed off
  reachable = 1u << 6,            ///< nor is a commit that the branch no longer contains
  manual_revert = 1u << 7,        ///< a hand-off reverted by a person puts the template on hold
  hold = 1u << 8,                 ///< nothing is handed off while a template is on hold
  memory_budget = 1u << 9,        ///< the running jobs' memory stays within the budget
  reservation = 1u << 10,         ///< a job that does not fit yet keeps smaller ones behind it from the memory
  max_concurrent = 1u << 11,      ///< at most so many runs at once
  template_concurrency = 1u << 12,///< at most so many runs of one template
  fairness = 1u << 13,            ///< the template that has waited longest goes first
  waiting_is_not_running = 1u << 14,  ///< a postponed run gives its slot and memory back
  recovery = 1u << 15,            ///< what a dead daemon left running is queued again
  keep_results = 1u << 16,        ///< … and goes on at the hand-off when its image is already there
  fencing = 1u << 17,             ///< only the latest claim of a run may write
  retry_delay = 1u << 18,         ///< a postponed run is not started before its time
  reconcile = 1u << 19,           ///< a branch's head that no delivery told of is put through the filters
  replace = 1u << 20,             ///< a run that a forced push took away is judged again at the branch's head
  late_arrival = 1u << 21,        ///< a push that arrives after a later one does not move the branch back
  doubt = 1u << 22,               ///< a push that looks complete is compared by Git where it was forced
};

/// A set of rules, all of them unless said otherwise.
class Rules {
 public:
  constexpr Rules() = default;
  constexpr bool has(Rule rule) const noexcept { return (bits_ & static_cast<std::uint32_t>(rule)) != 0; }
  constexpr Rules without(Rule rule) const noexcept {
    Rules rest = *this;
    rest.bits_ &= ~static_cast<std::uint32_t>(rule);
    return rest;
  }

 private:
  std::uint32_t bits_ = ~0u;
};

}  // namespace slipway::schedule

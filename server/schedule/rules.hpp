#pragma once

#include <cstdint>

namespace slipway::schedule {

/// The rules that together provide the guarantees. The product runs with all of them; the simulation (tests/simulate) disables one at
/// a time to show that its invariants notice.
enum class Rule : std::uint32_t {
  duplicate_by_id = 1u << 0,      ///< the same delivery id with the same body makes no second run
  duplicate_by_push = 1u << 1,    ///< nor does the same push under a new id
  push_in_between = 1u << 2,      ///< but it does if another push of that branch was stored in between: only the last is compared
  chain = 1u << 3,                ///< a `before` other than the last `after` is a gap; the push is judged across it
  newest_wins = 1u << 4,          ///< a queued ancestor of a newer queued commit is superseded
  never_backwards = 1u << 5,      ///< an ancestor of what is deployed is not handed off
  reachable = 1u << 6,            ///< nor is a commit no longer on the branch
  manual_revert = 1u << 7,        ///< a hand-off reverted by a person puts the template on hold
  hold = 1u << 8,                 ///< nothing is handed off while a template is on hold
  memory_budget = 1u << 9,        ///< the running jobs' memory stays within the budget
  reservation = 1u << 10,         ///< a job that does not fit yet keeps later, smaller ones from taking the memory
  max_concurrent = 1u << 11,      ///< limit on all running runs
  template_concurrency = 1u << 12,///< limit on one template's running runs
  fairness = 1u << 13,            ///< the template started longest ago goes first
  waiting_is_not_running = 1u << 14,  ///< a postponed run releases its slot and memory
  recovery = 1u << 15,            ///< runs left by a dead daemon are requeued
  keep_results = 1u << 16,        ///< … and resume at the hand-off if their image exists
  fencing = 1u << 17,             ///< only the latest claim of a run may write
  retry_delay = 1u << 18,         ///< a postponed run is not started before its time
  reconcile = 1u << 19,           ///< a branch head that no delivery reported is judged by the filters
  replace = 1u << 20,             ///< a run whose commit a forced push removed is judged again at the branch's head
  late_arrival = 1u << 21,        ///< a push arriving after a later one does not move the branch back
  doubt = 1u << 22,               ///< a push that looks complete but was forced is compared by Git
  elsewhere = 1u << 23,           ///< a branch that a run finds elsewhere than the deliveries say is noted there, as a push that was missed
};

/// A set of rules; all of them by default.
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

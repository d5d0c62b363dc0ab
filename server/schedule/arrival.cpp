#include "schedule/arrival.hpp"

namespace slipway::schedule {
namespace {

Arrival classify(const Delivery& delivery, const Known& known, Rules rules) {
  const Push& push = delivery.push;
  if (rules.has(Rule::duplicate_by_id) && known.same_id == delivery.fingerprint) return Arrival::duplicate_id;
  if (!known.last) return Arrival::fresh;
  const bool same_push = known.last->before == push.before && known.last->after == push.after;
  if (rules.has(Rule::duplicate_by_push) && same_push) return Arrival::duplicate_push;
  // The heads were compared some time ago. Anything stored since is more recent, and the next comparison takes it into account.
  if (delivery.source == Source::reconcile && known.seen != push.before) return Arrival::stale_reconcile;
  return Arrival::fresh;
}

}  // namespace

Reception receive(const Delivery& delivery, const Known& known, Rules rules) {
  Reception reception;
  reception.arrival = classify(delivery, known, rules);
  reception.base = delivery.push.before;
  if (known.last && known.seen != delivery.push.before && rules.has(Rule::chain)) {
    reception.gap = true;
    reception.base = known.seen;
  }
  return reception;
}

CommitSha branch_position(const CommitSha& base, const CommitSha& after, bool after_is_ancestor_of_base, Rules rules) {
  return after_is_ancestor_of_base && rules.has(Rule::late_arrival) ? base : after;
}

}  // namespace slipway::schedule

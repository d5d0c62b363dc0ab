#pragma once

#include <optional>
#include <string>

#include "model/delivery.hpp"
#include "schedule/rules.hpp"

namespace slipway::schedule {

/// The push that was stored last for one branch.
struct LastPush {
  LastPush() = default;
  LastPush(CommitSha from, CommitSha to) : before(std::move(from)), after(std::move(to)) {}
  CommitSha before, after;
};

/// What is stored about the branch and the id of an arriving delivery.
struct Known {
  Known() = default;
  std::optional<Fingerprint> same_id;  ///< of the stored delivery with the same id, if there is one
  std::optional<LastPush> last;               ///< of the same repository and ref
  CommitSha seen;  ///< where the branch is taken to be: the last `after`, unless Git said that it arrived late
};

enum class Arrival {
  fresh,
  duplicate_id,    ///< the same id with the same body
  duplicate_push,  ///< the same push under another id, and no other push of that branch was stored since
  stale_reconcile, ///< a comparison of heads that a real delivery has overtaken
};

struct Reception {
  Reception() = default;
  Arrival arrival = Arrival::fresh;
  bool gap = false;    ///< `before` is not where the branch was last seen: a delivery is lost or late, or the branch was forced
  CommitSha base;      ///< what the push is to be compared with: the last `after` stored across a gap, else `before`
};

/// Where a branch is taken to be once a push that came after a gap has been completed: a push whose `after` is an ancestor of
/// where the branch was seen before is late, and does not move it back. (Until then it is taken to be at the `after` stored last:
/// what that costs is a comparison across too much.)
CommitSha branch_position(const CommitSha& base, const CommitSha& after, bool after_is_ancestor_of_base, Rules rules = Rules());

/// Decides whether a push is new, and whether it continues the chain of its branch.
Reception receive(const Delivery& delivery, const Known& known, Rules rules = Rules());

}  // namespace slipway::schedule

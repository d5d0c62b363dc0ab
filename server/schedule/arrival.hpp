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

/// What is already stored about an arriving delivery's id and branch.
struct Known {
  Known() = default;
  std::optional<Fingerprint> same_id;  ///< of the stored delivery with the same id, if any
  std::optional<LastPush> last;               ///< of the same repository and ref
  CommitSha seen;  ///< presumed position of the branch: the last `after`, unless Git said that it arrived late
};

enum class Arrival {
  fresh,
  duplicate_id,    ///< the same id with the same body
  duplicate_push,  ///< the same push under another id, and no other push of that branch was stored since
  stale_reconcile, ///< a comparison of heads, overtaken by a real delivery
};

struct Reception {
  Reception() = default;
  Arrival arrival = Arrival::fresh;
  bool gap = false;    ///< `before` is not Known::seen: a delivery is lost or late, or the branch was force-pushed
  CommitSha base;      ///< commit to compare with: across a gap Known::seen, else `before`
};

/// The presumed position of a branch once a push that came after a gap has been completed. A push whose `after` is an ancestor of
/// the position seen before (`base`) arrived late and does not move the branch back. (Until completion the branch is presumed at the
/// `after` stored last; at worst, a comparison then spans too much.)
CommitSha branch_position(const CommitSha& base, const CommitSha& after, bool after_is_ancestor_of_base, Rules rules = Rules());

/// Decides whether a push is new, and whether it continues the chain of its branch.
Reception receive(const Delivery& delivery, const Known& known, Rules rules = Rules());

}  // namespace slipway::schedule

#pragma once

#include <memory>
#include <string>

#include "model/delivery.hpp"

namespace slipway::config {
class Catalogue;
}

namespace slipway::trigger {

/// True where the payload's commit list can not be the entire truth (shared: "What a push says, and what it does not"):
/// `total_commits` above what is there, a new branch, no commits although the head moved, a commit that lists no file,
/// a list that does not begin with `after`. A forced push can look complete: only the mirror, where `before` is then no
/// ancestor of `after`, tells; complete such a push as well.
bool is_incomplete(const Push& push) noexcept;

/// Decides what a delivery means. Holds one catalogue, which it keeps alive; immutable, usable from any thread.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const config::Catalogue> catalogue);

  /// The verdict on the payload as sent. `pending` is set where it is incomplete, a trigger looks at this repository,
  /// and the configuration says `complete_commits`: what matched is to be run at once, and the rest decided by the next
  /// function.
  Verdict judge(const Delivery& delivery) const;

  /// The verdict on both the payload as sent and the push as completed from Git: a run for each trigger that either
  /// matches (with the payload's parameters where that matched, so that it equals the run which `judge` asked for
  /// before), marked `only_when_completed` where only the completed one does. Never `pending`.
  Verdict judge(const Delivery& delivery, const Push& completed) const;

  /// Whether any trigger looks at it.
  bool watches(const RepoName& repository) const;

  const config::Catalogue& catalogue() const noexcept { return *catalogue_; }

 private:
  struct Plan;
  std::shared_ptr<const config::Catalogue> catalogue_;
  std::shared_ptr<const Plan> plan_;
};

/// A delivery made here for a push that Gitea did not send or whose delivery was lost: `source` is `reconcile`, the
/// headers are Gitea's, and the body is the payload that it would have sent, as far as the push says it.
Delivery synthesize(Push push, DeliveryId id, Clock::time_point now);

}  // namespace slipway::trigger

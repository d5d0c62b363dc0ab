#pragma once

#include <memory>
#include <string>

#include "model/delivery.hpp"

namespace slipway::config {
class Catalogue;
}

namespace slipway::trigger {

/// True if the payload's commit list cannot be the whole push: `total_commits` exceeds its length, the branch is new, there
/// are no commits although the head moved, a commit lists no file, or the list does not begin with `after`. A forced push
/// may look complete: only the mirror can tell, where `before` is then not an ancestor of `after`; complete such a push too.
bool is_incomplete(const Push& push) noexcept;

/// Decides what a delivery means under one catalogue, which it keeps alive. Immutable, thread-safe.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const config::Catalogue> catalogue);

  /// The verdict on the payload as sent. `pending` is set if the payload is incomplete, a trigger watches this
  /// repository, and the configuration says `complete_commits`: then run what matched at once, and let the other
  /// overload decide the rest.
  Verdict judge(const Delivery& delivery) const;

  /// The verdict on both the payload as sent and the push as completed from Git: a run for each trigger that matches
  /// either. If the payload matched, the run has its parameters, so it equals the one `judge(delivery)` asked for; if
  /// only the completed push matched, the run is marked `only_when_completed`. Never `pending`.
  Verdict judge(const Delivery& delivery, const Push& completed) const;

  /// Whether any trigger watches the repository.
  bool watches(const RepoName& repository) const;

  const config::Catalogue& catalogue() const noexcept { return *catalogue_; }

 private:
  struct Plan;
  std::shared_ptr<const config::Catalogue> catalogue_;
  std::shared_ptr<const Plan> plan_;
};

/// A delivery for a push that Gitea never sent or whose delivery was lost: `source` is `reconcile`, the headers are
/// those Gitea sends, and the body is the payload it would have sent, as far as the push has the data.
Delivery synthesize(Push push, DeliveryId id, Clock::time_point now);

}  // namespace slipway::trigger

#pragma once

#include <map>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "queue/queue.hpp"
#include "run/absences.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Finds forced pushes among those judged from their payload alone (Queue::taken): a forced push's payload may look complete, and
/// only Git shows that `before` is not an ancestor of `after`. Used on the loop.
class ForcedPushes {
 public:
  ForcedPushes(queue::Queue& queue, git::SourceMirror& sources, Log log);

  /// Marks forced pushes stored since the last call as pending. A repository that cannot be asked is noted in `absences`, and asked again;
  /// one that the server refuses to show not for pushes stored before `patient_since`.
  Task<> find(const trigger::Matcher& matcher, Absences& absences, Clock::time_point patient_since);

 private:
  Task<> compare(queue::BranchHead head);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  Log log_;
  std::map<RepoName, DeliveryId> compared_;  ///< up to this delivery
};

}  // namespace slipway::run

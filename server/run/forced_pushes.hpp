#pragma once

#include <map>
#include <set>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "queue/queue.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Finds forced pushes among those judged from their payload alone (Queue::taken): a forced push's payload may look complete, and
/// only Git shows that `before` is not an ancestor of `after`. Used on the loop.
class ForcedPushes {
 public:
  ForcedPushes(queue::Queue& queue, git::SourceMirror& sources, Log log);

  /// Marks forced pushes stored since the last call as pending. Adds unreachable repositories to `unreachable`; they are retried next time.
  Task<> find(const trigger::Matcher& matcher, std::set<RepoName>& unreachable);

 private:
  Task<> compare(queue::BranchHead head);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  Log log_;
  std::map<RepoName, DeliveryId> compared_;  ///< up to this delivery
};

}  // namespace slipway::run

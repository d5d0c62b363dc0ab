#pragma once

#include <map>
#include <set>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "queue/queue.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Finds the forced pushes among those that were taken at their word: their payload can look complete, and only Git tells that
/// `before` is no ancestor of `after`. Used on the loop.
class ForcedPushes {
 public:
  ForcedPushes(queue::Queue& queue, git::SourceMirror& sources, Log log);

  /// Makes those that came since the last call pending. What can not be reached is added to `unreachable`, and asked the next time.
  Task<> find(const trigger::Matcher& matcher, std::set<RepoName>& unreachable);

 private:
  Task<> compare(queue::BranchHead head);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  Log log_;
  std::map<RepoName, DeliveryId> compared_;  ///< up to this delivery
};

}  // namespace slipway::run

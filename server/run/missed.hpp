#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "model/run.hpp"
#include "queue/queue.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// What it takes to judge a push that Git shows and no delivery told of; the references must outlive it.
struct MissedTools {
  queue::Queue& queue;
  git::SourceMirror& sources;
  io::TimeSource& time;
  const trigger::Matcher& matcher;
  std::size_t limit;  ///< maximum number of commits to complete a push with
};

/// Where the deliveries so far say that a branch is.
Task<std::optional<queue::BranchHead>> last_seen(queue::Queue& queue, RepoName repository, std::string ref);

/// Accepts the missed push from `push.before`, where the branch was seen last, to `push.after`: judged by the same filters as a delivery.
/// Equal ones mean a branch that is seen for the first time; it is only noted. Does nothing if the branch is no longer seen at `before`.
Task<queue::Accepted> accept_missed(MissedTools tools, const Log& log, Push push);

/// For a run that found its commit off its branch: accepts the push that took it away, as last fetched, if no delivery has told of it.
/// Without that, pushing the same commit again would be a duplicate of the push that made the run.
Task<> note_elsewhere(MissedTools tools, const Log& log, const Run& run);

}  // namespace slipway::run

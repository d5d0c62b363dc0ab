#pragma once

#include <cstddef>
#include <optional>

#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "model/run.hpp"
#include "model/template.hpp"
#include "queue/queue.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// What the search for a successor needs; the references must outlive it.
struct SuccessorTools {
  queue::Queue& queue;
  git::SourceMirror& sources;
  io::TimeSource& time;
  const trigger::Matcher& matcher;
  std::size_t limit;  ///< maximum number of commits to complete a push with
};

/// For a run whose commit a forced push took off its branch: what to build instead. The run's changes may be on the branch in another
/// commit, but in no later push; so the template is judged on everything between its last hand-off and the branch's head, as last
/// fetched. Nothing if the head needs no build. Throws as SourceMirror does.
Task<std::optional<Successor>> successor_of(SuccessorTools tools, const Run& run, const Template& resolved);

}  // namespace slipway::run

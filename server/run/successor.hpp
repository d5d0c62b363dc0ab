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

/// What a successor is looked for with. All outlive the search.
struct SuccessorTools {
  queue::Queue& queue;
  git::SourceMirror& sources;
  io::TimeSource& time;
  const trigger::Matcher& matcher;
  std::size_t limit;  ///< of commits that a push is completed with
};

/// A forced push took the run's commit off its branch. What it changed may be on the branch all the same, in another commit and in
/// no later push: so the template is judged on everything between what it handed off last and the branch's head, as last fetched.
/// Nothing where the head needs no build of it. Throws as SourceMirror does.
Task<std::optional<Successor>> successor_of(SuccessorTools tools, const Run& run, const Template& resolved);

}  // namespace slipway::run

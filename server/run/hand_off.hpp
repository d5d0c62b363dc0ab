#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "build/registry.hpp"
#include "build/run_log.hpp"
#include "config/paths.hpp"
#include "git/pull_requests.hpp"
#include "git/remote.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "model/run.hpp"
#include "model/settings.hpp"
#include "model/template.hpp"
#include "queue/queue.hpp"
#include "run/drift.hpp"

namespace slipway::run {

/// One run's wish: its image is in the registry, its template resolved.
struct HandOff {
  HandOff() = default;
  HandOff(Run wishing, Template resolved, BuildResults built)
      : run(std::move(wishing)), target(std::move(resolved)), results(std::move(built)) {}
  Run run;
  Template target;
  BuildResults results;
};

/// What a hand-off is done with. All outlive it.
struct HandOffTools {
  git::GitRemote& infra;
  git::SourceMirror& sources;
  queue::Queue& queue;
  io::TimeSource& time;
  Log log;
  git::PullRequests* pulls = nullptr;  ///< where hand-offs are proposed
};

/// A member of a batch with what became of it. Exactly one of `outcome` and `failed` is set at the end.
struct HandOffItem {
  HandOffItem(HandOff wish, build::RunLog& run_log) : what(std::move(wish)), log(&run_log) {}
  HandOff what;
  build::RunLog* log;
  std::optional<RunOutcome> outcome;
  std::exception_ptr failed;
  std::vector<git::CopyPush> copies;  ///< what became of the push to the declared mirrors, where there was one
};

/// Takes a batch of hand-offs to one repository in one push, one commit each, in order. For each: is it still the right commit
/// (schedule/handoff.hpp, on freshly fetched sources), which bytes change, what does the commit say. One that can not be done
/// (a missing key, the wrong file, a symbolic link, a source that can not be read) fails or waits alone. A lost race fetches, applies every edit to the new head and tries again,
/// `settings.attempts` times, with jittered delays. What the server refuses or does not answer ends up in every item that was
/// to be pushed, as `failed`. With `mode: pull_request` they go to branches of their own (run/proposals.hpp). Never throws for reasons of the outside. Called on the loop.
Task<> hand_off(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch);

}  // namespace slipway::run

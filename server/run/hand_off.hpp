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

/// One run's request to be handed off: its image is in the registry, its template resolved.
struct HandOff {
  HandOff() = default;
  HandOff(Run wishing, Template resolved, BuildResults built)
      : run(std::move(wishing)), target(std::move(resolved)), results(std::move(built)) {}
  Run run;
  Template target;
  BuildResults results;
};

/// What a hand-off needs; the references must outlive it.
struct HandOffTools {
  git::GitRemote& infra;
  git::SourceMirror& sources;
  queue::Queue& queue;
  io::TimeSource& time;
  Log log;
  git::PullRequests* pulls = nullptr;  ///< needed with `mode: pull_request`
};

/// One hand-off of a batch, with its result. Exactly one of `outcome` and `failed` is set at the end.
struct HandOffItem {
  HandOffItem(HandOff wish, build::RunLog& run_log) : what(std::move(wish)), log(&run_log) {}
  HandOff what;
  build::RunLog* log;
  std::optional<RunOutcome> outcome;
  std::exception_ptr failed;
  std::vector<git::CopyPush> copies;  ///< results of the push to the configured mirrors, if there was one
};

/// Pushes a batch of hand-offs to one repository in one push, one commit each, in order. Decides for each whether it is still the
/// right commit (schedule/handoff.hpp, on freshly fetched sources), and which bytes change. One that cannot be done
/// (a missing key, the wrong file, a symbolic link, an unreadable source) fails or waits alone. After a lost race, all edits are
/// reapplied to the newly fetched head and pushed again, up to `settings.attempts` times, with jittered delays. If the server refuses
/// the push, each commit is pushed alone, in order, and an item gets as `failed` what its own push was refused with. If the server does
/// not answer, every item not yet pushed gets that error. With `mode: pull_request` they go to branches of their own
/// (run/proposals.hpp). Never throws for external reasons. Called on the loop.
Task<> hand_off(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch);

}  // namespace slipway::run

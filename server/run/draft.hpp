#pragma once

#include <span>
#include <string>
#include <vector>

#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

// What both ways of handing off, the push and the pull request, are made of.

/// What one look at one head of the infra repository comes to.
struct Draft {
  Draft() = default;
  std::vector<git::NewCommit> commits;
  std::vector<HandOffItem*> writers;  ///< one a commit
  std::vector<HandOffItem*> ended;    ///< those decided otherwise than to write
};

/// Decides and edits every undecided item, each on top of the ones before it. Those that do not write get their outcome,
/// or what their own file or source threw: the others go on.
Task<Draft> draft(HandOffTools& tools, const HandoffSettings& settings, const CommitSha& head,
                  std::span<HandOffItem*> batch);

/// Fetches the sources of all of them, each once.
Task<> fetch_sources(HandOffTools& tools, std::span<HandOffItem*> batch);

/// Says in the log and on every run which attempt lost a race, in the server's words, and waits where there is another:
/// between half and the whole of 20 ms · 2^(attempt-1), since losers of one race must not meet again in step.
Task<> after_race(HandOffTools& tools, const HandoffSettings& settings, int attempt, std::span<HandOffItem*> writers,
                  std::string words);

/// The end of those for whom every attempt lost its race.
void exhaust(const HandoffSettings& settings, const std::string& branch, std::span<HandOffItem*> batch);

/// The end of those that are not decided yet.
void fail_all(std::span<HandOffItem*> batch, std::exception_ptr error);

}  // namespace slipway::run

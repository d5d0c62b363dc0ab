#pragma once

#include <span>
#include <string>
#include <vector>

#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

// Steps common to both ways of handing off, by push and by pull request.

/// The hand-offs of a batch, planned on one head of the infra repository.
struct Draft {
  Draft() = default;
  std::vector<git::NewCommit> commits;
  std::vector<HandOffItem*> writers;  ///< one per commit
  std::vector<HandOffItem*> ended;    ///< decided without a commit, or failed
};

/// Decides every undecided item and makes its edits, each on top of the previous ones. Items that write nothing get
/// their outcome, or the exception from their own file or source; the others are not affected.
Task<Draft> draft(HandOffTools& tools, const HandoffSettings& settings, const Head& head,
                  std::span<HandOffItem*> batch);

/// Fetches the source repositories of all items, each once. A failure is stored in the items concerned.
Task<> fetch_sources(HandOffTools& tools, std::span<HandOffItem*> batch);

/// Logs, also for every run, that this attempt lost a race, with the server's words, and waits if another is to follow:
/// between half and the whole of 20 ms · 2^(attempt-1), so that the losers of a race do not retry in lockstep.
Task<> after_race(HandOffTools& tools, const HandoffSettings& settings, int attempt, std::span<HandOffItem*> writers,
                  std::string words);

/// Fails the undecided items, because every attempt lost a race.
void exhaust(const HandoffSettings& settings, const std::string& branch, std::span<HandOffItem*> batch);

/// Stores `error` in all items that are not decided yet.
void fail_all(std::span<HandOffItem*> batch, std::exception_ptr error);

}  // namespace slipway::run

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "history.hpp"
#include "schedule/arrival.hpp"
#include "schedule/newest.hpp"
#include "schedule/retry.hpp"
#include "schedule/rules.hpp"
#include "schedule/state.hpp"

namespace slipway::simulate {

using Time = std::int64_t;  ///< seconds
inline Clock::time_point at(Time seconds) { return Clock::time_point(std::chrono::seconds(seconds)); }

/// A push as it happened at the source.
struct SourcePush {
  int serial = 0, repo = 0, before = -1, after = -1;
  Slices listed = 0;       ///< what the payload's commits change
  bool incomplete = false; ///< … which are not all
};

struct StoredRun {
  RunId id;
  int of_template = 0, repo = 0, commit = 0, push = 0;
  std::string delivery;
  RunState state = RunState::queued;
  bool known = false;  ///< to the scheduler by name (queue/sqlite/schema.cpp, `place`)
  WaitingFor waiting_for = WaitingFor::none;
  Stage next_stage = Stage::checkout;
  std::optional<Clock::time_point> not_before;
  std::uint64_t generation = 0;
  schedule::Trouble trouble;
  bool built = false, allow_rollback = false;
};

struct StoredDelivery {
  std::string id, hash;
  SourcePush push;
  Slices judged = 0;  ///< templates whose runs were made, by bit
  bool pending = false;
  bool taken = false;    ///< at its word, and not compared with Git yet
  int base = -1;
};

/// What survives a crash of the daemon: the queue's tables, in the simplest form that has their meaning.
struct Disk {
  std::vector<StoredRun> runs;  ///< run N at N - 1
  std::vector<StoredDelivery> deliveries;
  std::map<int, schedule::LastPush> last;  ///< by repository
  std::map<int, std::size_t> last_delivery;
  std::map<int, int> seen;
  std::set<int> holds;
  std::map<int, int> handed_off;  ///< template to commit

  StoredRun& run(RunId id) { return runs[static_cast<std::size_t>(id.value() - 1)]; }
};

}  // namespace slipway::simulate

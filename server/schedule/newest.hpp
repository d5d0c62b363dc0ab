#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/id.hpp"
#include "schedule/rules.hpp"

namespace slipway::schedule {

/// Another queued run of the same template and branch.
struct Rival {
  Rival() = default;
  Rival(RunId id, CommitSha sha, bool is_built) : run(id), commit(std::move(sha)), built(is_built) {}
  RunId run;
  CommitSha commit;
  bool built = false;  ///< its image is there, it only waits to hand off
};

/// True when `older` is an ancestor of `newer` and not the same commit.
using IsAncestor = std::function<bool(const CommitSha& older, const CommitSha& newer)>;

struct Ordering {
  Ordering() = default;
  std::optional<RunId> superseded_by;  ///< the claimed run is older than this one
  std::vector<RunId> superseded;       ///< these are older than the claimed run
};

/// Newest wins: later means a descendant in the source's history, never the time of arrival. Runs of one and the same commit
/// leave each other alone (their parameters may differ). A built run is superseded only by one that is built too: should the
/// newer build fail, the older image is still handed off. A commit that `head`, the branch's head as just fetched, does not
/// contain (a forced push took it away) supersedes nothing, be it a rival's or the claimed run's; without a head that is not
/// asked.
Ordering newest_wins(const Rival& claimed, std::span<const Rival> rivals, const IsAncestor& is_ancestor,
                     const CommitSha& head = CommitSha(), Rules rules = Rules());

}  // namespace slipway::schedule

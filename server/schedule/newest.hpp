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
  bool built = false;  ///< its image exists; only the hand-off is left
};

/// True when `older` is an ancestor of `newer` and not the same commit.
using IsAncestor = std::function<bool(const CommitSha& older, const CommitSha& newer)>;

struct Ordering {
  Ordering() = default;
  std::optional<RunId> superseded_by;  ///< the claimed run is older than this one
  std::vector<RunId> superseded;       ///< these are older than the claimed run
};

/// Newest wins, where newer means a descendant in the source's history, regardless of the time of arrival. Runs of the same commit
/// leave each other alone (their parameters may differ). A built run is superseded only by another built one: if the
/// newer build fails, the older image is still handed off. A commit not contained in `head`, the branch's head as just fetched
/// (a forced push took it away), supersedes nothing, whether a rival's or the claimed run's; an empty `head` skips that
/// check.
Ordering newest_wins(const Rival& claimed, std::span<const Rival> rivals, const IsAncestor& is_ancestor,
                     const CommitSha& head = CommitSha(), Rules rules = Rules());

}  // namespace slipway::schedule

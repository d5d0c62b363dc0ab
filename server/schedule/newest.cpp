#include "schedule/newest.hpp"

namespace slipway::schedule {

Ordering newest_wins(const Rival& claimed, std::span<const Rival> rivals, const IsAncestor& is_ancestor,
                     const CommitSha& head, Rules rules) {
  Ordering ordering;
  if (!rules.has(Rule::newest_wins)) return ordering;
  const auto is_gone = [&](const CommitSha& commit) {
    return !head.empty() && commit != head && !is_ancestor(commit, head);
  };
  const bool claimed_is_gone = is_gone(claimed.commit);
  for (const Rival& rival : rivals) {
    if (rival.commit == claimed.commit || rival.run == claimed.run) continue;
    if (!claimed_is_gone && !(rival.built && !claimed.built) && is_ancestor(rival.commit, claimed.commit)) {
      ordering.superseded.push_back(rival.run);
    } else if (!ordering.superseded_by && !(claimed.built && !rival.built) &&
               is_ancestor(claimed.commit, rival.commit) && !is_gone(rival.commit)) {
      ordering.superseded_by = rival.run;
    }
  }
  return ordering;
}

}  // namespace slipway::schedule

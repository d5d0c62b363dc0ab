#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/id.hpp"
#include "model/template.hpp"
#include "schedule/rules.hpp"

namespace slipway::schedule {

/// How one commit relates to another in the source's history.
enum class Relation {
  none,        ///< not a commit of the source (`latest`), or absent
  same,
  ancestor,    ///< a proper ancestor of the other
  descendant,  ///< a proper descendant of the other
  unrelated,
};

/// The facts right before a hand-off, from the freshly fetched mirror and the head of the infra repository.
struct HandoffFacts {
  HandoffFacts() = default;
  CommitSha candidate;                 ///< the commit to hand off
  std::string branch;                  ///< source branch, for messages: `main`
  bool candidate_reachable = false;    ///< from the source branch's head
  std::string deployed;                ///< the tag in the values file
  Relation deployed_is = Relation::none;      ///< the deployed commit, relative to the candidate
  bool deployed_reachable = false;            ///< from the source branch's head
  /// Only if `!deployed_reachable`: whether the deployed commit and the head share a commit newer than the candidate. If so, the
  /// candidate is stale even after the forced push.
  bool shares_newer = false;
  std::string last_handed_off;                ///< the tag this template handed off last; empty: never, or released since
  Relation deployed_to_last = Relation::none; ///< the deployed commit, relative to the one handed off last
  /// A digest is deployed, and one was handed off last, but no known hand-off wrote the deployed one: it may be older or newer.
  bool unknown_digest = false;
  bool on_hold = false;                ///< the template is on hold
  bool allow_rollback = false;         ///< `slipway retry --allow-rollback`
  OnManualRevert on_manual_revert = OnManualRevert::hold;
};

/// Commit it. `note` is empty, or says why an older commit may replace a newer one; for the log and the commit message.
struct Write {
  std::string note;
};
struct AlreadyThere {};  ///< the candidate itself is deployed: the run succeeds without a commit
struct TooOld {          ///< the run is superseded
  std::string why;
  /// A forced push took it, or the deployed commit, off the branch. No later push need contain what differs, so judge the template
  /// on everything between the deployed commit and the head (Queue::replace).
  bool off_branch = false;
};
struct Hold {            ///< the template goes or stays on hold; the run waits
  std::string why;
};
using HandoffDecision = std::variant<Write, AlreadyThere, TooOld, Hold>;

/// Decides on a hand-off: never to an older commit, and never over a person's decision.
HandoffDecision decide(const HandoffFacts& facts, Rules rules = Rules());

}  // namespace slipway::schedule

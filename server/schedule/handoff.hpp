#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/id.hpp"
#include "model/template.hpp"
#include "schedule/rules.hpp"

namespace slipway::schedule {

/// How one commit stands to another in the source's history.
enum class Relation {
  none,        ///< it names no commit of the source (`latest`), or there is none
  same,
  ancestor,    ///< a proper ancestor of the other
  descendant,  ///< a proper descendant of the other
  unrelated,
};

/// What is known right before a hand-off, from the freshly fetched mirror and the head of the infra repository.
struct HandoffFacts {
  HandoffFacts() = default;
  CommitSha candidate;                 ///< the commit that is to be handed off
  std::string branch;                  ///< of the source, for people: `main`
  bool candidate_reachable = false;    ///< … from the source branch's head
  std::string deployed;                ///< the tag in the values file
  Relation deployed_is = Relation::none;      ///< what is deployed, seen from the candidate
  bool deployed_reachable = false;            ///< … from the source branch's head
  /// Where it is not: whether what is deployed and the head have a proper descendant of the candidate in common. Then the
  /// candidate is older than what the forced push left of the deployed commit.
  bool shares_newer = false;
  std::string last_handed_off;                ///< the tag this template handed off last; empty: never, or released since
  Relation deployed_to_last = Relation::none; ///< what is deployed, seen from what was last handed off
  /// What is deployed is a digest, like what was handed off last, and no hand-off that is known wrote it: it may be older or newer.
  bool unknown_digest = false;
  bool on_hold = false;                ///< a person's decision still stands
  bool allow_rollback = false;         ///< `slipway retry --allow-rollback`
  OnManualRevert on_manual_revert = OnManualRevert::hold;
};

/// Commit it. `note` is empty, or says why an older commit may replace a newer one: for the log and the commit's body.
struct Write {
  std::string note;
};
struct AlreadyThere {};  ///< the candidate itself is deployed: the run succeeds without a commit
struct TooOld {          ///< the run is superseded
  std::string why;
  /// The branch no longer contains it, or what is deployed (a forced push). What differs may be in no later push: the template is to be
  /// judged on everything between what is deployed and the head (Queue::replace).
  bool off_branch = false;
};
struct Hold {            ///< the template goes (or stays) on hold, the run waits
  std::string why;
};
using HandoffDecision = std::variant<Write, AlreadyThere, TooOld, Hold>;

/// Never backwards, and a person's decision stands.
HandoffDecision decide(const HandoffFacts& facts, Rules rules = Rules());

}  // namespace slipway::schedule

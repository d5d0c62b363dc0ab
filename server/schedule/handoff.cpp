#include "schedule/handoff.hpp"

namespace slipway::schedule {
namespace {

/// Why it seems that somebody reverted by hand, or nothing. A digest of unknown origin counts as deliberate: overwriting it may bring
/// back a version taken out of service, whereas a needless hold is lifted with one command.
std::optional<std::string> manual_revert(const HandoffFacts& facts) {
  if (facts.last_handed_off.empty() || facts.deployed == facts.last_handed_off) return std::nullopt;
  const std::string by_hand = "somebody set " + facts.deployed + " by hand, ";
  if (facts.deployed_to_last == Relation::ancestor) {
    return by_hand + "which is older than " + facts.last_handed_off + ", the one handed off last";
  }
  if (!facts.unknown_digest) return std::nullopt;
  return by_hand + "a digest that no known hand-off wrote: whether it is older than " + facts.last_handed_off +
         ", the one handed off last, cannot be told";
}

/// Why the candidate is too old for the deployed commit, or nothing. Sets `note` if it may be handed off although it is older.
std::optional<std::string> too_old(const HandoffFacts& facts, std::string& note) {
  if (facts.deployed_is != Relation::descendant) return std::nullopt;
  if (!facts.deployed_reachable && !facts.shares_newer) {
    note = "replaces the newer " + facts.deployed + ", which is no longer on " + facts.branch + " (forced push)";
    return std::nullopt;
  }
  if (facts.allow_rollback) {
    note = "replaces the newer " + facts.deployed + ": a rollback was asked for (--allow-rollback)";
    return std::nullopt;
  }
  return "the newer " + facts.deployed + " is deployed already";
}

}  // namespace

HandoffDecision decide(const HandoffFacts& facts, Rules rules) {
  if (facts.deployed_is == Relation::same) return AlreadyThere();
  if (rules.has(Rule::reachable) && !facts.candidate_reachable) {
    return TooOld{facts.candidate.value() + " is no longer on " + facts.branch, true};
  }
  std::string note;
  auto why = too_old(facts, note);
  if (why && rules.has(Rule::never_backwards)) return TooOld{*std::move(why), !facts.deployed_reachable};
  if (rules.has(Rule::hold) && facts.on_hold) return Hold{"the template is on hold until it is released"};
  if (rules.has(Rule::manual_revert) && facts.on_manual_revert == OnManualRevert::hold && !facts.allow_rollback) {
    if (auto revert = manual_revert(facts)) return Hold{*std::move(revert)};
  }
  return Write{std::move(note)};
}

}  // namespace slipway::schedule

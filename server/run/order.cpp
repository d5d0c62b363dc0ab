#include "run/order.hpp"

#include <fmt/format.h>

#include "run/deployed.hpp"
#include "schedule/handoff.hpp"

namespace slipway::run {
namespace {

using schedule::Relation;

/// Facts about the run that are the same for all its files.
struct History {
  History() = default;
  std::optional<CommitSha> head;
  bool on_hold = false;
};

/// Whether what the edit wrote can be recognised only by its digest.
bool tells_digest_only(const ValuesEdit& edit) { return names_image(edit) && !tells_tag(edit); }

/// The source commit that a deployed value stands for, if any. A tag is the commit's prefix; a digest is looked up in the hand-off
/// commits.
Task<std::optional<CommitSha>> commit_of(HandOffTools& tools, Ground& ground, const HandOff& what, const ValuesEdit& edit,
                                         const std::string& value, const std::optional<queue::HandedOffLast>& last) {
  const std::string tag = tells_tag(edit) ? tag_in(value) : value;
  if (last && (last->tag == value || tag_in(last->tag) == tag) && !tag.empty()) co_return last->source_commit;
  const std::string digest = digest_in(value);
  if (tells_digest_only(edit) && !digest.empty()) co_return co_await ground.source_of(what.run.repository, digest);
  const auto prefix = commit_prefix(tag);
  if (!prefix) co_return std::nullopt;
  co_return co_await tools.sources.find_commit(what.run.repository, *prefix);
}

Task<Relation> relation(HandOffTools& tools, const RepoName& repository, const std::optional<CommitSha>& one, const CommitSha& other) {
  if (!one) co_return Relation::none;
  if (*one == other) co_return Relation::same;
  const bool before = co_await tools.sources.is_ancestor(repository, *one, other);
  if (before) co_return Relation::ancestor;
  const bool after = co_await tools.sources.is_ancestor(repository, other, *one);
  if (after) co_return Relation::descendant;
  co_return Relation::unrelated;
}

Task<bool> reachable(HandOffTools& tools, const RepoName& repository, const std::optional<CommitSha>& commit, const std::optional<CommitSha>& head) {
  if (!commit || !head) co_return false;
  if (*commit == *head) co_return true;
  co_return co_await tools.sources.is_ancestor(repository, *commit, *head);
}

Task<Result<std::string>> deployed_value(Ground& ground, const ValuesEdit& edit) {
  const auto bytes = co_await ground.read(edit.file);
  if (!bytes) co_return Error(fmt::format("the values file {} is not in the infra repository", edit.file));
  co_return value_in(*bytes, edit);
}

/// What was handed off last by this edit, even if a crash or a lost answer kept a push from being recorded. An older commit than the
/// recorded one is not believed: where the branch was set back, the recorded one is no longer in its history.
Task<std::optional<queue::HandedOffLast>> last_hand_off(HandOffTools& tools, Ground& ground, const HandOff& what, const ValuesEdit& edit) {
  const std::string name = record_name(what.target, edit);
  const auto recorded = co_await tools.queue.last_handed_off(what.run.template_name, name);
  const CommitSha since = recorded ? recorded->infra_commit : CommitSha();
  const auto found = co_await ground.hand_off_since(since, what.run.repository, edit);
  if (!found) co_return recorded;
  if (recorded) {
    const bool older = co_await tools.sources.is_ancestor(what.run.repository, found->source_commit, recorded->source_commit);
    if (older) co_return recorded;
  }
  if (ground.fresh()) co_await tools.queue.set_last_handed_off(what.run.template_name, name, *found);
  co_return found;
}

Task<schedule::HandoffFacts> facts_about(HandOffTools& tools, Ground& ground, const HandOff& what, const History& history,
                                         const ValuesEdit& edit, const std::string& value,
                                         const std::optional<queue::HandedOffLast>& last) {
  const auto& repository = what.run.repository;
  schedule::HandoffFacts facts;
  facts.candidate = what.run.commit;
  facts.branch = branch_name(what.run.ref);
  const std::optional<CommitSha> candidate = what.run.commit;
  const bool candidate_reachable = co_await reachable(tools, repository, candidate, history.head);
  facts.candidate_reachable = candidate_reachable;
  facts.deployed = tells_tag(edit) ? tag_in(value) : value;
  const auto deployed = co_await commit_of(tools, ground, what, edit, value, last);
  const Relation deployed_is = co_await relation(tools, repository, deployed, what.run.commit);
  const bool deployed_reachable = co_await reachable(tools, repository, deployed, history.head);
  facts.deployed_is = deployed_is;
  facts.deployed_reachable = deployed_reachable;
  if (deployed && history.head && !deployed_reachable) {
    const bool shares_newer = co_await tools.sources.share_newer(repository, what.run.commit, *deployed, *history.head);
    facts.shares_newer = shares_newer;
  }
  if (last) {
    facts.last_handed_off = tells_tag(edit) ? tag_in(last->tag) : last->tag;
    const Relation to_last = co_await relation(tools, repository, deployed, last->source_commit);
    facts.deployed_to_last = to_last;
    const bool both_are_digests = tells_digest_only(edit) && !digest_in(value).empty() && !digest_in(last->tag).empty();
    facts.unknown_digest = both_are_digests && !deployed;
  }
  facts.on_hold = history.on_hold;
  facts.allow_rollback = what.run.allow_rollback;
  facts.on_manual_revert = what.target.on_manual_revert;
  co_return facts;
}

/// Whether to write even though the same commit is deployed: for a requested rebuild, or if the tag matches, in case the digest next
/// to it is missing.
bool writes_the_same_commit(const HandOff& what, const std::string& deployed_tag) {
  return what.run.rebuild || deployed_tag == what.results.tag;
}

/// Makes the hold durable only on a fresh head: on an older one, what looks like a revert may be undone already.
Task<RunOutcome> hold(HandOffTools& tools, const Ground& ground, const TemplateName& name, const std::optional<queue::Hold>& held, std::string why) {
  if (held) why = held->why;
  else if (ground.fresh()) co_await tools.queue.hold(name, why);
  std::string reason = fmt::format("{}; `slipway release {}` lets it go on", why, name.value());
  co_return RunOutcome(Postponed(Stage::handoff, WaitingFor::hold, std::move(reason), std::nullopt));
}

/// Records a newer commit that is deployed without our hand-off, as from a merged pull request. One that somebody reverted to must not be
/// recorded.
Task<> record_deployed(HandOffTools& tools, const Ground& ground, const HandOff& what, const ValuesEdit& edit, const std::string& value,
                       const schedule::HandoffFacts& facts) {
  if (!facts.last_handed_off.empty() && facts.deployed_to_last != Relation::descendant) co_return;
  const queue::HandedOffLast found(value, what.run.commit, ground.head());
  const std::string name = record_name(what.target, edit);
  co_await tools.queue.set_last_handed_off(what.run.template_name, name, found);
}

/// Without a values file, the last hand-off stands for what is deployed: `latest` must not go backwards either.
Task<OrderVerdict> judge_without_values(HandOffTools& tools, Ground& ground, const HandOff& what, const History& history) {
  const ValuesEdit none;
  const auto last = co_await tools.queue.last_handed_off(what.run.template_name, none.file);
  const std::string deployed = last ? last->tag : std::string();
  const auto facts = co_await facts_about(tools, ground, what, history, none, deployed, last);
  const auto decision = schedule::decide(facts);
  if (const auto* too_old = std::get_if<schedule::TooOld>(&decision)) {
    co_return OrderVerdict(RunOutcome(Superseded(too_old->why, too_old->off_branch)));
  }
  const queue::HandedOffLast now(what.results.tag, what.run.commit, CommitSha());
  co_await tools.queue.set_last_handed_off(what.run.template_name, none.file, now);
  co_return OrderVerdict(RunOutcome(Unchanged("the template has no values file: the image is the result")));
}

}  // namespace

Task<Result<OrderVerdict>> judge_order(HandOffTools& tools, Ground& ground, const HandOff& what) {
  History history;
  history.head = co_await tools.sources.head(what.run.repository, what.run.ref);
  const auto held = co_await tools.queue.held(what.run.template_name);
  history.on_hold = held.has_value();
  if (what.target.values.empty()) {
    auto verdict = co_await judge_without_values(tools, ground, what, history);
    co_return std::move(verdict);
  }
  bool write = false;
  std::string note;
  for (const auto& edit : what.target.values) {
    auto value = co_await deployed_value(ground, edit);
    if (!value && !edit.create) co_return value.error();
    const std::string text = value ? *value : std::string();
    const auto last = co_await last_hand_off(tools, ground, what, edit);
    const auto facts = co_await facts_about(tools, ground, what, history, edit, text, last);
    const auto decision = schedule::decide(facts);
    if (const auto* too_old = std::get_if<schedule::TooOld>(&decision)) {
      co_return OrderVerdict(RunOutcome(Superseded(too_old->why, too_old->off_branch)));
    }
    if (const auto* revert = std::get_if<schedule::Hold>(&decision)) {
      auto outcome = co_await hold(tools, ground, what.run.template_name, held, revert->why);
      co_return OrderVerdict(std::move(outcome));
    }
    if (const auto* may = std::get_if<schedule::Write>(&decision)) {
      write = true;
      if (note.empty()) note = may->note;
    } else {
      if (ground.fresh()) co_await record_deployed(tools, ground, what, edit, text, facts);
      write = write || writes_the_same_commit(what, facts.deployed);
    }
  }
  if (write) co_return OrderVerdict(MayWrite(note));
  co_return OrderVerdict(RunOutcome(Unchanged(fmt::format("{} is deployed already", short_tag(what.run.commit)))));
}

}  // namespace slipway::run

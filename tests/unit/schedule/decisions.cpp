// The pure rules, as tables: what arrives, what is newest, what may be handed off.
#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "schedule/arrival.hpp"
#include "schedule/handoff.hpp"
#include "schedule/newest.hpp"

namespace {

using namespace slipway;
using namespace slipway::schedule;

CommitSha sha(char digit) { return CommitSha(std::string(40, digit)); }
Fingerprint fingerprint(const char* digit) { return {static_cast<std::uint8_t>(*digit)}; }

}  // namespace

TEST_CASE("what an arriving push is, and what it is compared with") {
  struct Row {
    const char* what;
    const char* before_after;
    const char* fingerprint;
    Source source;
    const char* same_id;     ///< the fingerprint stored under the same id
    const char* last;        ///< stored push of the branch: before, after
    char seen;               ///< where the branch is
    Arrival arrival;
    bool gap;
    char base;
  };
  const auto hook = Source::webhook;
  const auto compared = Source::reconcile;
  const Row rows[] = {
      {"the first push of a branch", "ab", "1", hook, "", "", 0, Arrival::fresh, false, 'a'},
      {"the next one", "bc", "1", hook, "", "ab", 'b', Arrival::fresh, false, 'b'},
      {"the same id and body", "ab", "1", hook, "1", "bc", 'c', Arrival::duplicate_id, true, 'c'},
      {"the same id, another body", "bc", "2", hook, "1", "ab", 'b', Arrival::fresh, false, 'b'},
      {"the same push, another id", "ab", "1", hook, "", "ab", 'b', Arrival::duplicate_push, true, 'b'},
      {"back again", "ba", "1", hook, "", "ab", 'b', Arrival::fresh, false, 'b'},
      {"one is missing between", "cd", "1", hook, "", "ab", 'b', Arrival::fresh, true, 'b'},
      {"after a late one, the branch is where it was before that", "de", "1", hook, "", "bc", 'd', Arrival::fresh, false, 'd'},
      {"the late one again", "bc", "1", hook, "", "bc", 'd', Arrival::duplicate_push, true, 'd'},
      {"heads differ", "bd", "1", compared, "", "ab", 'b', Arrival::fresh, false, 'b'},
      {"heads differed, until a delivery came", "bd", "1", compared, "", "bc", 'c', Arrival::stale_reconcile, true, 'c'},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Delivery delivery;
    delivery.push.before = sha(row.before_after[0]);
    delivery.push.after = sha(row.before_after[1]);
    delivery.fingerprint = fingerprint(row.fingerprint);
    delivery.source = row.source;
    Known known;
    if (*row.same_id != 0) known.same_id = fingerprint(row.same_id);
    if (*row.last != 0) known.last = LastPush(sha(row.last[0]), sha(row.last[1]));
    if (row.seen != 0) known.seen = sha(row.seen);
    const Reception reception = receive(delivery, known);
    CHECK(reception.arrival == row.arrival);
    CHECK(reception.gap == row.gap);
    CHECK(reception.base == sha(row.base));
  }
}

TEST_CASE("a late push does not move its branch back") {
  CHECK(branch_position(sha('d'), sha('c'), true) == sha('d'));
  CHECK(branch_position(sha('d'), sha('e'), false) == sha('e'));
}

TEST_CASE("newest means a descendant, never what arrived last") {
  // a - b - c - d on the branch; x is on another line.
  const std::string line = "abcd";
  const IsAncestor is_ancestor = [&](const CommitSha& older, const CommitSha& newer) {
    const auto one = line.find(older.value()[0]), other = line.find(newer.value()[0]);
    return one != line.npos && other != line.npos && one < other;
  };
  struct Row {
    const char* what;
    Rival claimed;
    std::vector<Rival> rivals;
    char head;
    std::int64_t superseded_by;  ///< 0: none
    std::vector<std::int64_t> superseded;
  };
  const auto run = [](int id, char commit, bool built = false) { return Rival(RunId(id), sha(commit), built); };
  const std::vector<Row> rows = {
      {"alone", run(1, 'b'), {}, 'd', 0, {}},
      {"older ones go", run(3, 'c'), {run(2, 'b'), run(1, 'a')}, 'd', 0, {2, 1}},
      {"an older one that arrived late goes itself", run(3, 'b'), {run(2, 'c'), run(1, 'a')}, 'd', 2, {1}},
      {"the same commit is left alone", run(2, 'b'), {run(1, 'b')}, 'd', 0, {}},
      {"another line is left alone", run(2, 'b'), {run(1, 'x')}, 'd', 0, {}},
      {"a built one waits for the newer to be built", run(2, 'c'), {run(1, 'b', true)}, 'd', 0, {}},
      {"and goes then", run(2, 'c', true), {run(1, 'b', true)}, 'd', 0, {1}},
      {"a built one is not given up for one that is not", run(1, 'b', true), {run(2, 'c')}, 'd', 0, {}},
      {"a forced push took the newer one away", run(1, 'b'), {run(2, 'd')}, 'c', 0, {}},
      {"a forced push took the claimed one away", run(1, 'd'), {run(2, 'c')}, 'c', 0, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Ordering ordering = newest_wins(row.claimed, row.rivals, is_ancestor, sha(row.head));
    CHECK(ordering.superseded_by.value_or(RunId()).value() == row.superseded_by);
    std::vector<std::int64_t> superseded;
    for (const RunId id : ordering.superseded) superseded.push_back(id.value());
    CHECK(superseded == row.superseded);
  }
}

namespace {

/// The usual case: `aaaa` is deployed and was handed off last, the candidate is its descendant, both on the branch.
HandoffFacts usual() {
  HandoffFacts facts;
  facts.candidate = sha('b');
  facts.branch = "main";
  facts.candidate_reachable = true;
  facts.deployed = "aaaa";
  facts.deployed_is = Relation::ancestor;
  facts.deployed_reachable = true;
  facts.last_handed_off = "aaaa";
  facts.deployed_to_last = Relation::same;
  return facts;
}

std::string text(const HandoffDecision& decision) {
  if (const auto* write = std::get_if<Write>(&decision)) return "write" + (write->note.empty() ? "" : ": " + write->note);
  if (const auto* old = std::get_if<TooOld>(&decision)) return "too old: " + old->why;
  if (const auto* hold = std::get_if<Hold>(&decision)) return "hold: " + hold->why;
  return "already there";
}

}  // namespace

TEST_CASE("a hand-off never goes backwards, and a person's decision stands") {
  struct Row {
    const char* what;
    void (*change)(HandoffFacts&);
    const char* decision;
  };
  const std::string gone = sha('b').value();
  const std::string off_branch = "too old: " + gone + " is no longer on main";
  const Row rows[] = {
      {"a newer commit", [](HandoffFacts&) {}, "write"},
      {"the same commit", [](HandoffFacts& f) { f.deployed_is = Relation::same; }, "already there"},
      {"the same commit, and the branch has it no more",
       [](HandoffFacts& f) { f.deployed_is = Relation::same; f.candidate_reachable = false; }, "already there"},
      {"an older commit", [](HandoffFacts& f) { f.deployed_is = Relation::descendant; },
       "too old: the newer aaaa is deployed already"},
      {"an older commit that a person wants", [](HandoffFacts& f) { f.deployed_is = Relation::descendant; f.allow_rollback = true; },
       "write: replaces the newer aaaa: a rollback was asked for (--allow-rollback)"},
      {"a forced push took the newer one away",
       [](HandoffFacts& f) { f.deployed_is = Relation::descendant; f.deployed_reachable = false; },
       "write: replaces the newer aaaa, which is no longer on main (forced push)"},
      {"it did, but left something newer than the candidate",
       [](HandoffFacts& f) { f.deployed_is = Relation::descendant; f.deployed_reachable = false; f.shares_newer = true; },
       "too old: the newer aaaa is deployed already"},
      {"a forced push took the candidate away", [](HandoffFacts& f) { f.candidate_reachable = false; }, off_branch.c_str()},
      {"which no rollback brings back", [](HandoffFacts& f) { f.candidate_reachable = false; f.allow_rollback = true; },
       off_branch.c_str()},
      {"`latest` orders nothing", [](HandoffFacts& f) { f.deployed = "latest"; f.deployed_is = f.deployed_to_last = Relation::none; }, "write"},
      {"commits side by side order nothing", [](HandoffFacts& f) { f.deployed_is = Relation::unrelated; }, "write"},
      {"the first hand-off of all", [](HandoffFacts& f) { f.last_handed_off.clear(); f.deployed_to_last = Relation::none; }, "write"},
      {"somebody reverted the last hand-off", [](HandoffFacts& f) { f.last_handed_off = "cccc"; f.deployed_to_last = Relation::ancestor; },
       "hold: somebody set aaaa by hand, which is older than cccc, the one handed off last"},
      {"and the configuration overwrites that",
       [](HandoffFacts& f) {
         f.last_handed_off = "cccc";
         f.deployed_to_last = Relation::ancestor;
         f.on_manual_revert = OnManualRevert::overwrite;
       },
       "write"},
      {"somebody went ahead by hand", [](HandoffFacts& f) { f.last_handed_off = "9999"; f.deployed_to_last = Relation::descendant; }, "write"},
      {"somebody set a digest that nobody knows",
       [](HandoffFacts& f) { f.unknown_digest = true; f.last_handed_off = "cccc"; f.deployed_is = f.deployed_to_last = Relation::none; },
       "hold: somebody set aaaa by hand, a digest that no known hand-off wrote: whether it is older than cccc, the one handed off last, cannot "
       "be told"},
      {"a hold stands whatever is deployed", [](HandoffFacts& f) { f.on_hold = true; },
       "hold: the template is on hold until it is released"},
      {"against a rollback too", [](HandoffFacts& f) { f.on_hold = f.allow_rollback = true; },
       "hold: the template is on hold until it is released"},
      {"but what is too old need not wait for it", [](HandoffFacts& f) { f.on_hold = true; f.deployed_is = Relation::descendant; },
       "too old: the newer aaaa is deployed already"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    HandoffFacts facts = usual();
    row.change(facts);
    CHECK(text(decide(facts)) == row.decision);
  }
}

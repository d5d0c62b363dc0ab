// What must never happen, asked of what really happened.
#include <algorithm>

#include "world.hpp"

namespace slipway::simulate {

void World::violated(const std::string& what) {
  if (!violation_) violation_ = "at " + std::to_string(now_) + " s: " + what;
  say("VIOLATED: " + what);
}

/// Exactly once: the same delivery, or the same push with nothing of its branch stored in between, and nothing else.
void World::check_arrival(const Letter& letter, bool duplicate) {
  if (letter.source == Source::reconcile) return;
  const auto same_id = std::any_of(disk_.deliveries.begin(), disk_.deliveries.end(), [&](const StoredDelivery& one) {
    return one.id == letter.id && one.hash == letter.hash;
  });
  const auto latest = std::find_if(disk_.deliveries.rbegin(), disk_.deliveries.rend(),
                                   [&](const StoredDelivery& one) { return one.push.repo == letter.push.repo; });
  const bool same_push = latest != disk_.deliveries.rend() && latest->push.before == letter.push.before &&
                         latest->push.after == letter.push.after;
  if (duplicate && !same_id && !same_push) violated("delivery " + letter.id + " was taken for a duplicate and is none");
  if (!duplicate && (same_id || same_push)) violated("delivery " + letter.id + " is a duplicate and was accepted again");
}

/// Admission, as it really is: counted over what runs, not over what the scheduler believes.
void World::check_start(const schedule::Start& start) {
  const StoredRun& run = disk_.run(start.run);
  const bool takes_memory = run.next_stage != Stage::handoff && memory_of(run.of_template) > 0;
  if (run.state != RunState::queued) violated("run " + std::to_string(run.id.value()) + " was started and is not queued");
  if (run.not_before && *run.not_before > at(now_)) violated("run " + std::to_string(run.id.value()) + " was started before its time");
  if (disk_.holds.count(run.of_template) > 0 && run.next_stage == Stage::handoff) violated("a hand-off was started on hold");
  std::uint64_t memory = takes_memory ? memory_of(run.of_template) : 0;
  std::size_t same = 1;
  for (const auto& [number, worker] : workers_) {
    const StoredRun& other = disk_.run(worker.run);
    if (worker.takes_memory) memory += memory_of(other.of_template);
    if (other.of_template == run.of_template) ++same;
  }
  const auto& rules = policy_.templates.at(start.group.template_name);
  if (workers_.size() + 1 > policy_.max_concurrent) violated("more runs at once than allowed");
  if (memory > policy_.memory_budget) violated("the memory budget is exceeded");
  if (same > static_cast<std::size_t>(rules.concurrency)) violated("more runs of one template at once than allowed");
  check_fairness(run.of_template, takes_memory);
}

bool World::is_ready(const StoredRun& run) {
  if (run.state != RunState::queued || (run.not_before && *run.not_before > at(now_))) return false;
  return disk_.holds.count(run.of_template) == 0 || run.next_stage != Stage::handoff;
}

/// While a template could start but for slots and memory, another one of no higher priority goes before it once at most. Jobs that
/// need no memory may pass one that waits for memory.
void World::check_fairness(int started, bool takes_memory) {
  std::vector<int> running(templates, 0);
  std::vector<bool> ready(templates, false), needs_memory(templates, false);
  for (const auto& [number, worker] : workers_) ++running[static_cast<std::size_t>(disk_.run(worker.run).of_template)];
  for (const StoredRun& run : disk_.runs) {
    if (!is_ready(run)) continue;
    const auto t = static_cast<std::size_t>(run.of_template);
    ready[t] = true;
    needs_memory[t] = needs_memory[t] || run.next_stage != Stage::handoff;
  }
  const auto& rules = policy_.templates.at(names_[static_cast<std::size_t>(started)]);
  for (int t = 0; t < templates; ++t) {
    const auto i = static_cast<std::size_t>(t);
    const auto& own = policy_.templates.at(names_[i]);
    if (t == started || !ready[i] || running[i] >= own.concurrency) {
      const auto first = passed_by_.lower_bound(std::pair(t, -1));
      passed_by_.erase(first, passed_by_.lower_bound(std::pair(t + 1, -1)));
      continue;
    }
    if (rules.priority > own.priority) continue;
    if (!takes_memory && needs_memory[i] && own.memory) continue;
    if (++passed_by_[std::pair(t, started)] > 1) {
      violated(names_[i].value() + " waits and " + names_[static_cast<std::size_t>(started)].value() + " was started twice before it");
    }
  }
}

void World::check_build(const StoredRun& run) {
  if (run.built) violated("run " + std::to_string(run.id.value()) + " is built again although its image is recorded");
}

/// Newest wins: what goes on after being ordered is older than no queued commit that the branch has.
void World::check_order(const StoredRun& run) {
  if (run.allow_rollback) return;
  for (const StoredRun& other : disk_.runs) {
    const bool queued = other.state == RunState::queued && !other.allow_rollback;
    const bool equal = !(run.next_stage == Stage::handoff && other.next_stage != Stage::handoff);  // a built one need not wait
    const bool rival = queued && equal && other.of_template == run.of_template && other.repo == run.repo;
    if (rival && history_.is_ancestor(run.commit, other.commit) && history_.contains(heads_[static_cast<std::size_t>(run.repo)], other.commit)) {
      violated("run " + std::to_string(run.id.value()) + " is built although a newer commit is queued");
    }
  }
}

/// Never backwards, and a person's decision stands.
void World::check_handoff(const StoredRun& run, int head) {
  const auto t = static_cast<std::size_t>(run.of_template);
  const int deployed = deployed_[t];
  if (deployed == run.commit) violated("the same hand-off was made twice");
  if (!history_.contains(head, run.commit)) violated("a commit was handed off that its branch does not contain");
  const bool backwards = history_.is_ancestor(run.commit, deployed) && history_.shares_descendant(run.commit, deployed, head);
  if (backwards && !run.allow_rollback) {
    violated("an older commit was handed off over a newer one");
  }
  if (reverted_[t] && !(run.allow_rollback && disk_.holds.count(run.of_template) == 0)) {
    violated("a person's revert was overwritten");
  }
  if (!images_[t * History::limit + static_cast<std::size_t>(run.commit)]) violated("a hand-off names an image that does not exist");
}

/// Accepted means done, and nothing is missed: with nothing but waiting, each template's newest matching commit is deployed.
void World::check_end() {
  for (const StoredRun& run : disk_.runs) {
    if (!is_finished(run.state)) violated("run " + std::to_string(run.id.value()) + " never ended");
  }
  for (int t = 0; t < templates; ++t) {
    const auto i = static_cast<std::size_t>(t);
    if (exempt_[i] || reverted_[i]) continue;
    const int repo = t % repositories;
    const int head = heads_[static_cast<std::size_t>(repo)];
    if ((watched_by(repo, history_.difference(deployed_[i], head)) >> t & 1u) == 0) continue;
    violated(names_[i].value() + " has " + std::to_string(deployed_[i]) + " deployed, which lacks something of " + std::to_string(head));
    return;
  }
}

}  // namespace slipway::simulate

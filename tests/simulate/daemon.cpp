// The daemon's part: server/run and server/queue in the smallest form that takes every decision through server/schedule. Here
// what it does with runs, in intake.cpp what it does with deliveries.
#include <algorithm>

#include "world.hpp"

namespace slipway::simulate {

using schedule::Rule;

schedule::Group World::group_of(const StoredRun& run) const {
  return schedule::Group(names_[static_cast<std::size_t>(run.of_template)], repo_names_[static_cast<std::size_t>(run.repo)],
                         "refs/heads/main");
}

void World::load() {
  state_ = schedule::State(policy_, options_.rules);
  for (const int held : disk_.holds) state_.hold(names_[static_cast<std::size_t>(held)]);
  for (const StoredRun& run : disk_.runs) {
    if (run.state != RunState::queued) continue;
    if (!run.known) {
      state_.has_queued(group_of(run));
      continue;
    }
    schedule::Waiting waiting;
    waiting.run = run.id;
    waiting.reason = run.waiting_for;
    waiting.next_stage = run.next_stage;
    waiting.not_before = run.not_before;
    state_.waits(group_of(run), waiting);
    if (run.not_before) at_time(std::max<Time>(now_, run.not_before->time_since_epoch() / std::chrono::seconds(1)), Kind::wake);
  }
}

void World::start_runs() {
  for (;;) {
    while (const auto group = state_.wants()) {
      std::vector<RunId> newest_first;
      for (auto run = disk_.runs.rbegin(); run != disk_.runs.rend() && newest_first.size() < schedule::State::window; ++run) {
        if (run->state == RunState::queued && !run->known && group_of(*run) == *group) newest_first.push_back(run->id);
      }
      state_.refill(*group, newest_first);
    }
    const schedule::Plan plan = state_.next(at(now_));
    if (plan.short_of_memory) {
      StoredRun& run = disk_.run(plan.short_of_memory->run);
      run.known = true;
      run.waiting_for = WaitingFor::memory;
      schedule::Waiting waiting;
      waiting.run = run.id;
      waiting.reason = WaitingFor::memory;
      waiting.next_stage = run.next_stage;
      state_.waits(plan.short_of_memory->group, waiting);
    }
    if (!plan.start || violation_) return;
    claim(*plan.start);
  }
}

void World::claim(const schedule::Start& start) {
  check_start(start);
  StoredRun& run = disk_.run(start.run);
  run.state = RunState::running;
  run.known = true;
  run.waiting_for = WaitingFor::none;
  run.not_before.reset();
  ++run.generation;
  state_.started(start.group, start.run);
  Worker worker;
  worker.run = start.run;
  worker.generation = run.generation;
  worker.takes_memory = run.next_stage != Stage::handoff;
  say("start of run " + std::to_string(run.id.value()));
  const int number = next_worker_++;
  workers_.emplace(number, worker);
  go(number, Step::order, 0, 2);
}

void World::go(int worker, Step next, int soonest, int latest) {
  workers_.at(worker).step = next;
  at_time(now_ + random_.between(soonest, latest), Kind::step, worker);
}

void World::step(int number) {
  const auto found = workers_.find(number);
  if (!up_ || found == workers_.end()) return;
  if (crash_after_steps_ >= 0 && crash_after_steps_-- == 0) return crash(random_.between(1, 200));
  Worker& worker = found->second;
  StoredRun& run = disk_.run(worker.run);
  switch (worker.step) {
    case Step::order: return order(worker);
    case Step::check_out:
      if (down_[source_git] > 0) return postpone(worker, Stage::checkout, WaitingFor::git);
      check_build(run);
      return go(number, Step::build, 1, 10);
    case Step::build: return go(number, Step::push_image, 20, 300);
    case Step::push_image: return build(worker);
    case Step::record_built:
      if (!owns(worker.run, worker.generation)) return;
      run.built = true;
      run.next_stage = Stage::handoff;
      run.trouble = schedule::Trouble();
      return go(number, Step::decide, 0, 3);
    case Step::decide: return decide(worker);
    case Step::push_commit: return push_commit(worker);
    case Step::record_handoff:
      disk_.handed_off[run.of_template] = run.commit;
      last_recorded_[static_cast<std::size_t>(run.of_template)] = run.commit;
      return finish(worker, RunState::succeeded, "handed off");
  }
}

/// Right after the claim: among the queued runs of its group, and against what is deployed, is this one still worth building?
void World::order(Worker& worker) {
  const StoredRun& run = disk_.run(worker.run);
  if (down_[source_git] > 0) return postpone(worker, run.next_stage, WaitingFor::git);
  std::vector<schedule::Rival> rivals;
  for (const StoredRun& other : disk_.runs) {
    const bool rival = other.state == RunState::queued && !other.allow_rollback && other.of_template == run.of_template && other.repo == run.repo;
    if (rival) rivals.emplace_back(other.id, History::sha(other.commit), other.next_stage == Stage::handoff);
  }
  const auto is_ancestor = [this](const CommitSha& older, const CommitSha& newer) {
    return history_.is_ancestor(History::number(older), History::number(newer));
  };
  const CommitSha& head = History::sha(heads_[static_cast<std::size_t>(run.repo)]);
  const schedule::Rival mine(run.id, History::sha(run.commit), run.next_stage == Stage::handoff);
  const auto ordering = run.allow_rollback ? schedule::Ordering() : schedule::newest_wins(mine, rivals, is_ancestor, head, options_.rules);
  for (const RunId older : ordering.superseded) {
    disk_.run(older).state = RunState::superseded;
    state_.left(older);
  }
  if (ordering.superseded_by) return finish(worker, RunState::superseded, "a newer one is queued");
  const auto decision = schedule::decide(facts_of(run), options_.rules);
  if (const auto* too_old = std::get_if<schedule::TooOld>(&decision)) return give_up(worker, too_old->off_branch);
  check_order(run);
  const int number = std::find_if(workers_.begin(), workers_.end(), [&](const auto& one) { return one.second.run == worker.run; })->first;
  go(number, run.next_stage == Stage::handoff ? Step::decide : Step::check_out, 0, 3);
}

/// The end of a build: an image that is there already is taken as it is.
void World::build(Worker& worker) {
  const StoredRun& run = disk_.run(worker.run);
  if (down_[registry] > 0) return postpone(worker, Stage::checkout, WaitingFor::registry);
  images_[static_cast<std::size_t>(run.of_template) * History::limit + static_cast<std::size_t>(run.commit)] = true;
  const int number = std::find_if(workers_.begin(), workers_.end(), [&](const auto& one) { return one.second.run == worker.run; })->first;
  go(number, Step::record_built, 0, 2);
}

schedule::HandoffFacts World::facts_of(const StoredRun& run) {
  const auto t = static_cast<std::size_t>(run.of_template);
  const int head = heads_[static_cast<std::size_t>(run.repo)];
  const int deployed = deployed_[t];
  const auto last = disk_.handed_off.find(run.of_template);
  schedule::HandoffFacts facts;
  facts.candidate = History::sha(run.commit);
  facts.candidate_reachable = history_.contains(head, run.commit);
  facts.deployed = deployed < 0 ? "latest" : History::sha(deployed).value();
  facts.deployed_is = history_.relation(deployed, run.commit);
  facts.deployed_reachable = history_.contains(head, deployed);
  facts.shares_newer = deployed >= 0 && history_.shares_descendant(run.commit, deployed, head);
  if (last != disk_.handed_off.end()) {
    facts.last_handed_off = History::sha(last->second).value();
    facts.deployed_to_last = history_.relation(deployed, last->second);
  }
  facts.on_hold = disk_.holds.count(run.of_template) > 0;
  facts.allow_rollback = run.allow_rollback;
  return facts;
}

void World::decide(Worker& worker) {
  const StoredRun& run = disk_.run(worker.run);
  const auto t = static_cast<std::size_t>(run.of_template);
  if (down_[source_git] > 0 || down_[infra_git] > 0) return postpone(worker, Stage::handoff, WaitingFor::git);
  const auto decision = schedule::decide(facts_of(run), options_.rules);
  if (std::holds_alternative<schedule::AlreadyThere>(decision)) return finish(worker, RunState::succeeded, "already there");
  if (const auto* too_old = std::get_if<schedule::TooOld>(&decision)) return give_up(worker, too_old->off_branch);
  if (std::holds_alternative<schedule::Hold>(decision)) {
    say("hold of " + names_[t].value());
    disk_.holds.insert(run.of_template);
    state_.hold(names_[t]);
    return put_back(worker, Stage::handoff, WaitingFor::hold, std::nullopt);
  }
  worker.infra_version = infra_versions_[t];
  const int number = std::find_if(workers_.begin(), workers_.end(), [&](const auto& one) { return one.second.run == worker.run; })->first;
  heads_when_decided_.resize(static_cast<std::size_t>(next_worker_), -1);
  heads_when_decided_[static_cast<std::size_t>(number)] = heads_[static_cast<std::size_t>(run.repo)];
  go(number, Step::push_commit, 0, 3);
}

void World::push_commit(Worker& worker) {
  const StoredRun& run = disk_.run(worker.run);
  const auto t = static_cast<std::size_t>(run.of_template);
  const int number = std::find_if(workers_.begin(), workers_.end(), [&](const auto& one) { return one.second.run == worker.run; })->first;
  if (down_[infra_git] > 0) return postpone(worker, Stage::handoff, WaitingFor::git);
  // Somebody else changed the file meanwhile: fetch, look and decide again.
  if (worker.infra_version != infra_versions_[t] || random_.one_in(10)) {
    if (++worker.attempts >= 20) return finish(worker, RunState::failed, "lost every race");
    return go(number, Step::decide, 1, 5);
  }
  check_handoff(run, heads_when_decided_[static_cast<std::size_t>(number)]);
  say("hand-off of " + names_[t].value() + ": " + std::to_string(deployed_[t]) + " -> " + std::to_string(run.commit));
  deployed_[t] = run.commit;
  ++infra_versions_[t];
  if (run.allow_rollback) reverted_[t] = false;  // a person's newer decision
  // After a person's rollback the newest need not be deployed, until it is.
  const Slices lacking = watched_by(run.repo, history_.difference(run.commit, heads_[static_cast<std::size_t>(run.repo)]));
  exempt_[t] = run.allow_rollback || (exempt_[t] && (lacking >> run.of_template & 1u) != 0);
  go(number, Step::record_handoff, 0, 2);
}

/// Superseded; and where a forced push took the commit away, the template is judged again on all that is not deployed yet.
void World::give_up(Worker worker, bool off_branch) {
  const StoredRun run = disk_.run(worker.run);
  if (off_branch && options_.rules.has(Rule::elsewhere)) note_elsewhere(run);
  finish(worker, RunState::superseded, off_branch ? "no longer on the branch" : "too old");
  if (!off_branch || !options_.rules.has(Rule::replace)) return;
  Letter letter;
  letter.id = "instead-of-" + std::to_string(run.id.value()) + "-start-" + std::to_string(run.generation);
  letter.push.serial = run.push;
  letter.push.repo = run.repo;
  letter.push.after = heads_[static_cast<std::size_t>(run.repo)];
  const Slices differ = history_.difference(deployed_[static_cast<std::size_t>(run.of_template)], letter.push.after);
  make_runs(letter, watched_by(run.repo, differ) & (1u << run.of_template));
}

bool World::owns(RunId id, std::uint64_t generation) {
  const StoredRun& run = disk_.run(id);
  if (!options_.rules.has(Rule::fencing)) return run.state == RunState::running;
  return run.state == RunState::running && run.generation == generation;
}

void World::leave(RunId run) {
  const auto at = std::find_if(workers_.begin(), workers_.end(), [&](const auto& one) { return one.second.run == run; });
  if (at != workers_.end()) workers_.erase(at);
}

void World::finish(Worker worker, RunState state, const std::string& why) {
  leave(worker.run);
  if (!owns(worker.run, worker.generation)) return;
  say("run " + std::to_string(worker.run.value()) + " " + std::string(name(state)) + ": " + why);
  disk_.run(worker.run).state = state;
  state_.left(worker.run);
}

void World::postpone(Worker worker, Stage stage, WaitingFor reason) {
  StoredRun& run = disk_.run(worker.run);
  const auto until = schedule::next_try(retry_policy_, run.trouble, stage, reason, at(now_), static_cast<std::uint64_t>(worker.run.value()));
  if (!until) return finish(worker, RunState::failed, "patience has ended");
  ++run.trouble.failures;
  if (!run.trouble.since) run.trouble.since = at(now_);
  put_back(worker, stage, reason, until);
}

void World::put_back(Worker worker, Stage stage, WaitingFor reason, std::optional<Clock::time_point> until) {
  leave(worker.run);
  if (!owns(worker.run, worker.generation)) return;
  say("run " + std::to_string(worker.run.value()) + " waits: " + std::string(name(reason)));
  StoredRun& run = disk_.run(worker.run);
  run.state = RunState::queued;
  run.next_stage = stage;
  run.waiting_for = reason;
  run.not_before = until;
  schedule::Waiting waiting;
  waiting.run = run.id;
  waiting.reason = reason;
  waiting.next_stage = stage;
  waiting.not_before = until;
  state_.waits(group_of(run), waiting);
  if (until) at_time((until->time_since_epoch() + std::chrono::seconds(1)) / std::chrono::seconds(1), Kind::wake);
  if (state_.running() != workers_.size()) violated("a waiting run holds a slot");
}

}  // namespace slipway::simulate

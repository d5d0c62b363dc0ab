#include "world.hpp"

#include <algorithm>
#include <cstdio>

namespace slipway::simulate {
namespace {

constexpr Time busy_until = 6000;       // pushes and faults happen before
constexpr Time reconcile_every = 600;

}  // namespace

World::World(std::uint64_t seed, const Options& options)
    : options_(options), random_(seed), state_(schedule::Policy(), options.rules) {
  policy_.max_concurrent = static_cast<std::size_t>(random_.between(2, 4));
  policy_.memory_budget = 16;
  for (int i = 0; i < templates; ++i) {
    names_.emplace_back("template-" + std::to_string(i));
    auto& rules = policy_.templates[names_.back()];
    const int size = random_.below(6);
    if (size > 0) rules.memory = size == 5 ? 14 : static_cast<std::uint64_t>(random_.between(1, 6));
    rules.priority = random_.one_in(8) ? 1 : 0;
    rules.concurrency = random_.one_in(6) ? 2 : 1;
  }
  for (int repo = 0; repo < repositories; ++repo) {
    repo_names_.emplace_back("Org/repository-" + std::to_string(repo));
    heads_.push_back(history_.add(-1, -1, 0));
    disk_.seen[repo] = heads_.back();
    disk_.last[repo] = schedule::LastPush(CommitSha(), History::sha(heads_.back()));
  }
  deployed_.assign(templates, -1);
  infra_versions_.assign(templates, 0);
  reverted_.assign(templates, false);
  exempt_.assign(templates, false);
  last_recorded_.assign(templates, -1);
  taken_away_.assign(repositories, -1);
  images_.assign(templates * History::limit, false);
  load();
  plan();
}

void World::say(const std::string& text) const {
  if (options_.verbose) std::printf("%6lld  %s\n", static_cast<long long>(now_), text.c_str());
}

void World::at_time(Time when, Kind kind, int a, int b) {
  Event event{when, order_++, kind, a, b};
  events_.push(event);
}

/// 50 events, at least 3 of them faults, in bursts, since quiet times show nothing.
void World::plan() {
  const int faults = random_.between(3, 6);
  for (int i = 0; i < events - faults; ++i) {
    const Time burst = random_.between(0, 9) * (busy_until / 10);
    const Time when = random_.one_in(3) ? random_.below(busy_until) : burst + random_.below(200);
    const int kind = random_.below(20);
    if (kind < 15) at_time(when, Kind::push, random_.below(repositories), 0);
    else if (kind < 17) at_time(when, Kind::release, random_.below(templates));
    else if (kind < 18) at_time(when, Kind::retry, random_.below(1000), random_.below(2));
    else at_time(when, Kind::deliver, -1, random_.below(1000));  // somebody presses "redeliver"
  }
  for (int i = 0; i < faults; ++i) {
    const Time when = random_.below(busy_until);
    switch (random_.below(7)) {
      case 0: at_time(when, Kind::crash, random_.between(1, 400)); break;
      case 1: crash_after_steps_ = random_.between(1, 150); break;
      case 2:
      case 3: {
        const int server = random_.below(servers);
        at_time(when, Kind::outage_begins, server);
        at_time(when + random_.between(5, 900), Kind::outage_ends, server);
        break;
      }
      case 4: at_time(when, Kind::push, random_.below(repositories), 1); break;
      case 5: at_time(when, Kind::revert, random_.below(templates)); break;
      default: at_time(when, Kind::crash, random_.between(1, 400)); break;
    }
  }
  for (Time when = reconcile_every; when < busy_until + 2 * reconcile_every; when += reconcile_every) {
    at_time(when, Kind::reconcile);
  }
}

std::optional<std::string> World::run() {
  for (int steps = 0; !violation_; ++steps) {
    if (steps > 100'000) violated("the schedule does not come to rest");
    if (events_.empty()) {
      if (settled_ && !needs_a_person()) break;
      settle();
      continue;
    }
    const Event event = events_.top();
    events_.pop();
    now_ = event.when;
    happen(event);
    if (up_ && !violation_) start_runs();
  }
  if (!violation_) check_end();
  return violation_;
}

void World::happen(const Event& event) {
  switch (event.kind) {
    case Kind::push: push(event.a, event.b == 1); break;
    case Kind::push_again: push_again(event.a); break;
    case Kind::deliver: {
      const int letter = event.a >= 0 ? event.a : letters_.empty() ? -1 : event.b % static_cast<int>(letters_.size());
      if (letter >= 0 && up_) deliver(Letter(letters_[static_cast<std::size_t>(letter)]));
      break;
    }
    case Kind::step: step(event.a); break;
    case Kind::zombie:
      if (up_ && owns(RunId(event.a), static_cast<std::uint64_t>(event.b))) {
        StoredRun& run = disk_.run(RunId(event.a));
        if (run.generation != static_cast<std::uint64_t>(event.b)) violated("an old lease of run " + std::to_string(event.a) + " wrote");
      }
      break;
    case Kind::crash: crash(event.a); break;
    case Kind::restart: restart(); break;
    case Kind::outage_begins: ++down_[static_cast<std::size_t>(event.a)]; break;
    case Kind::outage_ends: --down_[static_cast<std::size_t>(event.a)]; break;
    case Kind::revert: revert(event.a); break;
    case Kind::blank:  // while it is on hold, a person may set whatever tag
      if (disk_.holds.count(event.a) > 0) {
        deployed_[static_cast<std::size_t>(event.a)] = -1;
        ++infra_versions_[static_cast<std::size_t>(event.a)];
      }
      break;
    case Kind::release:
      if (up_ && disk_.holds.erase(event.a) > 0) {
        say("released " + names_[static_cast<std::size_t>(event.a)].value());
        disk_.handed_off.erase(event.a);
        last_recorded_[static_cast<std::size_t>(event.a)] = -1;
        reverted_[static_cast<std::size_t>(event.a)] = false;
        state_.release(names_[static_cast<std::size_t>(event.a)]);
      }
      break;
    case Kind::retry: {
      if (!up_ || disk_.runs.empty()) break;
      StoredRun& run = disk_.runs[static_cast<std::size_t>(event.a) % disk_.runs.size()];
      if (!is_finished(run.state) || (run.state == RunState::succeeded && event.b == 0)) break;
      run.state = RunState::queued;
      run.known = true;
      run.allow_rollback = event.b == 1;
      run.trouble = schedule::Trouble();
      run.not_before.reset();
      run.waiting_for = WaitingFor::none;
      run.next_stage = schedule::resume_at(run.built);
      schedule::Waiting waiting;
      waiting.run = run.id;
      waiting.next_stage = run.next_stage;
      state_.waits(group_of(run), waiting);
      break;
    }
    case Kind::complete: complete(static_cast<std::size_t>(event.a)); break;
    case Kind::doubt: doubt(static_cast<std::size_t>(event.a)); break;
    case Kind::reconcile: reconcile(); break;
    case Kind::wake: break;
  }
}

void World::push(int repo, bool force) {
  const int before = heads_[static_cast<std::size_t>(repo)];
  if (history_.full()) return;
  int tip = before;
  if (force) {
    for (int back = random_.between(1, 3); back > 0 && history_.parent(tip) >= 0; --back) tip = history_.parent(tip);
  }
  const int count = force && random_.one_in(2) ? 0 : random_.between(1, random_.one_in(4) ? 6 : 2);
  std::vector<int> made;
  for (int i = 0; i < count; ++i) {
    // Now and then a branch of one commit is merged in.
    const int side = random_.one_in(8) ? history_.add(tip, -1, 1u << random_.below(templates / repositories)) : -1;
    if (side >= 0) made.push_back(side);
    tip = history_.add(tip, side, 1u << random_.below(templates / repositories));
    made.push_back(tip);
  }
  if (tip == before) return;
  move(repo, tip, made, force ? "forced push " : "push ");
  if (!force) return;
  taken_away_[static_cast<std::size_t>(repo)] = before;
  if (random_.one_in(2)) at_time(now_ + random_.between(10, 900), Kind::push_again, repo);
}

/// Somebody brings back what a forced push took away.
void World::push_again(int repo) {
  const int head = heads_[static_cast<std::size_t>(repo)], tip = taken_away_[static_cast<std::size_t>(repo)];
  if (!history_.contains(head, tip)) move(repo, tip, history_.between(head, tip), "push again ");
}

/// `made`: the commits that this brings, oldest first.
void World::move(int repo, int tip, const std::vector<int>& made, const char* how) {
  int& head = heads_[static_cast<std::size_t>(repo)];
  SourcePush push;
  push.serial = static_cast<int>(pushes_.size());
  push.repo = repo;
  push.before = head;
  push.after = tip;
  constexpr std::size_t listed = 2;  // Gitea lists five; small histories need a small number
  for (std::size_t i = made.size(); i-- > 0 && made.size() - i <= listed;) push.listed |= history_.changes(made[i]);
  push.incomplete = made.size() > listed || made.empty();  // no field says that it was forced
  pushes_.push_back(push);
  say(how + std::to_string(push.serial) + " to " + repo_names_[static_cast<std::size_t>(repo)].value() + ": " + std::to_string(head) +
      " -> " + std::to_string(tip));
  head = tip;
  send(push);
}

/// As Gitea does: in parallel, out of order, never twice by itself, and now and then not at all.
void World::send(const SourcePush& push) {
  if (random_.one_in(12)) return;
  Letter letter;
  letter.push = push;
  letter.id = "delivery-" + std::to_string(push.serial);
  letter.hash = "hash-" + std::to_string(push.serial);
  letters_.push_back(letter);
  const int slow = random_.one_in(5) ? 120 : 3;
  at_time(now_ + random_.below(slow), Kind::deliver, static_cast<int>(letters_.size()) - 1);
  if (!random_.one_in(6)) return;
  letter.id += "-second-hook";
  letters_.push_back(letter);
  at_time(now_ + random_.below(slow), Kind::deliver, static_cast<int>(letters_.size()) - 1);
}

/// Somebody sets an older tag by hand. It counts as a decision where the daemon has recorded what it handed off: a crash right
/// after the push leaves that open, and then it cannot tell the person's tag from its own.
void World::revert(int which) {
  const auto i = static_cast<std::size_t>(which);
  const int current = deployed_[i];
  if (current < 0 || history_.parent(current) < 0) return;
  const bool recorded = last_recorded_[i] == current;
  deployed_[i] = history_.parent(current);
  ++infra_versions_[i];
  exempt_[i] = true;
  reverted_[i] = recorded;
  say("somebody reverts " + names_[i].value() + " from " + std::to_string(current) + " to " + std::to_string(deployed_[i]));
  if (random_.one_in(3)) at_time(now_ + random_.between(300, 900), Kind::blank, which);
}

void World::crash(int down_for) {
  if (!up_) return;
  say("crash");
  up_ = false;
  for (const auto& [number, worker] : workers_) {
    // What an old owner still wants to write may arrive when somebody newer has the run.
    if (random_.one_in(2)) {
      at_time(now_ + down_for + random_.below(300), Kind::zombie, static_cast<int>(worker.run.value()), static_cast<int>(worker.generation));
    }
  }
  workers_.clear();
  passed_by_.clear();
  at_time(now_ + down_for, Kind::restart);
}

void World::restart() {
  say("restart");
  up_ = true;
  for (StoredRun& run : disk_.runs) {
    if (run.state != RunState::running || !options_.rules.has(schedule::Rule::recovery)) continue;
    run.state = RunState::queued;
    run.next_stage = schedule::resume_at(run.built && options_.rules.has(schedule::Rule::keep_results));
  }
  load();
  for (std::size_t i = 0; i < disk_.deliveries.size(); ++i) {
    if (disk_.deliveries[i].pending) at_time(now_ + 1, Kind::complete, static_cast<int>(i));
    if (disk_.deliveries[i].taken) at_time(now_ + 1, Kind::doubt, static_cast<int>(i));
  }
  reconcile();
}

bool World::needs_a_person() const {
  const auto failed = [](const StoredRun& run) { return run.state == RunState::failed; };
  return !disk_.holds.empty() || std::any_of(disk_.runs.begin(), disk_.runs.end(), failed);
}

/// After the storm: every server is back, a person releases what is on hold and retries what failed, and time passes.
void World::settle() {
  std::fill(down_.begin(), down_.end(), 0);
  settled_ = !needs_a_person();
  for (const int held : std::vector<int>(disk_.holds.begin(), disk_.holds.end())) {
    at_time(now_ + 1, Kind::release, held);
  }
  for (std::size_t i = 0; i < disk_.runs.size(); ++i) {
    if (disk_.runs[i].state != RunState::failed) continue;
    at_time(now_ + 2, Kind::retry, static_cast<int>(i), 0);
  }
  at_time(now_ + reconcile_every, Kind::reconcile);
}

Slices World::watched_by(int repo, Slices slices) const {
  // Template t watches slice t / repositories of repository t % repositories.
  Slices matched = 0;
  for (int t = repo; t < templates; t += repositories) {
    if ((slices >> (t / repositories) & 1u) != 0) matched |= 1u << t;
  }
  return matched;
}

}  // namespace slipway::simulate

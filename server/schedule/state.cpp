#include "schedule/state.hpp"

#include <algorithm>
#include <tuple>

namespace slipway::schedule {

/// The best run of one template, and its rank among the others.
struct State::Candidate {
  Line* line;
  Branch* branch;
  RunId run;
  std::uint64_t memory;
  auto rank(bool fair) const {
    return std::tuple(-line->rules.priority, fair ? line->last_start : 0, branch->oldest());
  }
};

RunId State::Branch::newest() const {
  const RunId ordinary_one = ordinary.empty() ? RunId() : ordinary.back();
  return due.empty() ? ordinary_one : std::max(ordinary_one, due.rbegin()->first);
}

RunId State::Branch::oldest() const {
  if (due.empty()) return ordinary.front();
  return ordinary.empty() ? due.begin()->first : std::min(ordinary.front(), due.begin()->first);
}

State::State(Policy policy, Rules rules) : rules_(rules) { configure(std::move(policy)); }

void State::configure(Policy policy) {
  policy_ = std::move(policy);
  for (auto& [name, line] : lines_) {
    const auto known = policy_.templates.find(name);
    line.rules = known == policy_.templates.end() ? TemplateRules() : known->second;
  }
}

State::Line& State::line_of(const TemplateName& name) {
  const auto [at, added] = lines_.try_emplace(name);
  if (added) {
    const auto known = policy_.templates.find(name);
    if (known != policy_.templates.end()) at->second.rules = known->second;
  }
  return at->second;
}

State::Branch& State::branch_of(Line& line, const Group& group) {
  const auto [at, added] = line.branches.try_emplace(std::pair(group.repository, group.ref));
  if (added) at->second.group = group;
  return at->second;
}

void State::queued(const Group& group, RunId run) {
  Line& line = line_of(group.template_name);
  Branch& branch = branch_of(line, group);
  if (branch.ordinary.empty() && branch.more) return;  // refill() loads it together with the older ones
  Entry& entry = entries_[run];
  entry.line = &line;
  entry.branch = &branch;
  branch.ordinary.push_back(run);
  if (branch.ordinary.size() <= window) return;
  entries_.erase(branch.ordinary.front());
  branch.ordinary.pop_front();
  branch.more = true;
}

void State::waits(const Group& group, const Waiting& waiting) {
  const auto known = entries_.find(waiting.run);
  const bool ran = known != entries_.end() && known->second.place == Place::running;
  if (!(ran && !rules_.has(Rule::waiting_is_not_running))) forget(waiting.run);
  Line& line = line_of(group.template_name);
  Entry& entry = entries_[waiting.run];
  entry.line = &line;
  entry.branch = &branch_of(line, group);
  entry.waiting = waiting;
  place_waiting(entry, waiting.run);
}

void State::place_waiting(Entry& entry, RunId run) {
  const bool held = entry.line->held && rules_.has(Rule::hold) && entry.waiting.next_stage == Stage::handoff;
  if (held) {
    entry.place = Place::on_hold;
  } else if (entry.waiting.not_before && rules_.has(Rule::retry_delay)) {
    entry.place = Place::later;
    later_.emplace(*entry.waiting.not_before, run);
  } else {
    entry.place = Place::due;
    entry.branch->due.emplace(run, entry.waiting);
  }
}

void State::started(const Group& group, RunId run) {
  const auto known = entries_.find(run);
  const bool hands_off = known != entries_.end() && known->second.place != Place::ordinary &&
                         known->second.waiting.next_stage == Stage::handoff;
  forget(run);
  Line& line = line_of(group.template_name);
  Branch& branch = branch_of(line, group);
  Entry& entry = entries_[run];
  entry.line = &line;
  entry.branch = &branch;
  entry.place = Place::running;
  // Only the builder uses memory; a hand-off does not.
  entry.memory = hands_off ? 0 : line.rules.memory.value_or(0);
  memory_in_use_ += entry.memory;
  ++running_;
  ++line.running;
  line.last_start = branch.last_start = ++starts_;
}

void State::left(RunId run) { forget(run); }

void State::forget(RunId run) {
  const auto at = entries_.find(run);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  switch (entry.place) {
    case Place::ordinary: {
      auto& runs = entry.branch->ordinary;
      const auto place = std::lower_bound(runs.begin(), runs.end(), run);
      if (place != runs.end() && *place == run) runs.erase(place);
      if (runs.empty() && entry.branch->more) wanting_.insert(entry.branch);
      break;
    }
    case Place::due: entry.branch->due.erase(run); break;
    case Place::later: later_.erase(std::pair(*entry.waiting.not_before, run)); break;
    case Place::on_hold: break;
    case Place::running:
      memory_in_use_ -= entry.memory;
      --running_;
      --entry.line->running;
      break;
  }
  entries_.erase(at);
}

void State::hold(const TemplateName& name) {
  Line& line = line_of(name);
  line.held = true;
  std::vector<RunId> stopped;
  for (auto& [run, entry] : entries_) {
    const bool waits = entry.place == Place::due || entry.place == Place::later;
    if (entry.line == &line && waits && entry.waiting.next_stage == Stage::handoff) stopped.push_back(run);
  }
  for (const RunId run : stopped) {
    const Entry entry = entries_.at(run);
    waits(entry.branch->group, entry.waiting);
  }
}

void State::release(const TemplateName& name) {
  Line& line = line_of(name);
  line.held = false;
  for (auto& [run, entry] : entries_) {
    if (entry.line == &line && entry.place == Place::on_hold) place_waiting(entry, run);
  }
}

bool State::is_held(const TemplateName& name) const {
  const auto at = lines_.find(name);
  return at != lines_.end() && at->second.held;
}

std::optional<Group> State::wants() const {
  if (wanting_.empty()) return std::nullopt;
  return (*wanting_.begin())->group;
}

void State::refill(const Group& group, std::span<const RunId> newest_first) {
  Line& line = line_of(group.template_name);
  Branch& branch = branch_of(line, group);
  wanting_.erase(&branch);
  if (!branch.ordinary.empty()) return;
  branch.more = newest_first.size() >= window;
  for (const RunId run : newest_first) {
    branch.ordinary.push_front(run);
    Entry& entry = entries_[run];
    entry.line = &line;
    entry.branch = &branch;
  }
}

void State::has_queued(const Group& group) {
  Branch& branch = branch_of(line_of(group.template_name), group);
  branch.more = true;
  if (branch.ordinary.empty()) wanting_.insert(&branch);
}

void State::come_due(Clock::time_point now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    const RunId run = later_.begin()->second;
    later_.erase(later_.begin());
    Entry& entry = entries_.at(run);
    entry.place = Place::due;
    entry.branch->due.emplace(run, entry.waiting);
  }
}

std::optional<Clock::time_point> State::next_due() const {
  if (later_.empty()) return std::nullopt;
  return later_.begin()->first;
}

bool State::hands_off_only(const Branch& branch, RunId run) const {
  const auto at = branch.due.find(run);
  return at != branch.due.end() && at->second.next_stage == Stage::handoff;
}

std::vector<State::Candidate> State::candidates() {
  const bool fair = rules_.has(Rule::fairness);
  std::vector<Candidate> found;
  for (auto& [name, line] : lines_) {
    const auto limit = static_cast<std::size_t>(std::max(line.rules.concurrency, 1));
    if (line.running >= limit && rules_.has(Rule::template_concurrency)) continue;
    Branch* best = nullptr;
    for (auto& [key, branch] : line.branches) {
      if (branch.empty()) continue;
      if (best == nullptr || std::pair(branch.last_start, branch.oldest()) < std::pair(best->last_start, best->oldest())) {
        best = &branch;
      }
    }
    if (best == nullptr) continue;
    const RunId run = best->newest();
    found.push_back(Candidate{&line, best, run, hands_off_only(*best, run) ? 0 : line.rules.memory.value_or(0)});
  }
  std::sort(found.begin(), found.end(),
            [fair](const Candidate& a, const Candidate& b) { return a.rank(fair) < b.rank(fair); });
  return found;
}

Plan State::next(Clock::time_point now) {
  Plan plan;
  come_due(now);
  if (running_ >= policy_.max_concurrent && rules_.has(Rule::max_concurrent)) return plan;
  bool reserved = false;
  for (const Candidate& one : candidates()) {
    const bool fits = one.memory == 0 || !rules_.has(Rule::memory_budget) ||
                      memory_in_use_ + one.memory <= policy_.memory_budget;
    if (fits && !(reserved && one.memory > 0)) {
      plan.start = Start{one.run, one.branch->group};
      return plan;
    }
    if (fits) continue;
    if (!plan.short_of_memory) {
      const auto due = one.branch->due.find(one.run);
      if (due == one.branch->due.end() || due->second.reason != WaitingFor::memory) plan.short_of_memory = Start{one.run, one.branch->group};
    }
    reserved = reserved || rules_.has(Rule::reservation);
  }
  return plan;
}

}  // namespace slipway::schedule

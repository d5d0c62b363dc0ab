#include <algorithm>
#include <limits>
#include <stdexcept>

#include "queue/sqlite/store.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr std::size_t rivals_per_page = 32;

bool is_accident(WaitingFor reason) noexcept {
  return reason == WaitingFor::retry || reason == WaitingFor::git || reason == WaitingFor::registry || reason == WaitingFor::disk;
}

}  // namespace

void Store::refill(const schedule::Group& group) {
  std::vector<RunId> runs;
  auto row = database_.query(
      "SELECT id FROM runs INDEXED BY runs_queued WHERE place = 0 AND template = ? AND branch = "
      "(SELECT number FROM branches WHERE repository = ? AND ref = ?) ORDER BY id DESC LIMIT ?",
      template_number(group.template_name), group.repository.value(), group.ref, schedule::State::window);
  while (row.next()) runs.emplace_back(row.integer(0));
  state_.refill(group, runs);
}

std::optional<Claim> Store::claim(Clock::time_point now) {
  while (const auto group = state_.wants()) refill(*group);
  const schedule::Plan plan = state_.next(now);
  if (plan.short_of_memory) mark_short_of_memory(*plan.short_of_memory);
  if (!plan.start) return std::nullopt;

  const RunId run = plan.start->run;
  database_.run(
      "UPDATE runs SET state = ?, place = 1, waiting_for = NULL, reason = NULL, not_before = NULL, started = ?, "
      "attempts = attempts + 1, generation = generation + 1 WHERE id = ?", RunState::running, now, run.value());
  state_.started(plan.start->group, run);
  news_ = true;  // there may be room for another

  Claim claim;
  {
    auto row = database_.query("SELECT * FROM run_rows WHERE id = ?", run.value());
    if (!row.next()) throw std::logic_error("run " + std::to_string(run.value()) + " is planned but not stored");
    claim.run = run_from(row);
    const RunExtra extra = run_extra_from(row);
    claim.lease = Lease(run, extra.generation);
    claim.trouble = schedule::Trouble(extra.failures, extra.failing_since);
  }
  claim.rivals = rival_page(run, false, RunId(std::numeric_limits<std::int64_t>::max()), rivals_per_page + 1);
  claim.more_rivals = claim.rivals.size() > rivals_per_page;
  if (claim.more_rivals) claim.rivals.pop_back();
  return claim;
}

void Store::mark_short_of_memory(const schedule::Start& first) {
  schedule::Waiting waiting;
  waiting.run = first.run;
  waiting.reason = WaitingFor::memory;
  {
    auto row = database_.query("SELECT next_stage FROM runs WHERE id = ?", first.run.value());
    if (!row.next()) return;
    waiting.next_stage = static_cast<Stage>(row.integer(0));
  }
  database_.run("UPDATE runs SET place = 1, waiting_for = ?, reason = ? WHERE id = ?", WaitingFor::memory,
                "its memory does not fit into the budget beside what runs now", first.run.value());
  state_.waits(first.group, waiting);
}

std::vector<Rival> Store::rival_page(RunId run, bool newer, RunId limit, std::size_t at_most) {
  std::int64_t of_template = 0, branch = 0;
  {
    auto row = database_.query("SELECT template, branch FROM runs WHERE id = ?", run.value());
    if (!row.next()) return {};
    of_template = row.integer(0);
    branch = row.integer(1);
  }
  return rivals_in(of_template, branch, newer ? run.value() : 0, limit.value(), at_most);
}

/// The newest queued runs of a group with ids between `from` and `limit`, both excluded.
std::vector<Rival> Store::rivals_in(std::int64_t of_template, std::int64_t branch, std::int64_t from, std::int64_t limit,
                                    std::size_t at_most) {
  std::vector<Rival> rivals;
  const auto take = [&](Cursor row) {
    while (row.next()) {
      const bool built = static_cast<Stage>(row.integer(2)) == Stage::handoff;
      rivals.emplace_back(RunId(row.integer(0)), CommitSha(unpacked(row, 1)), built);
    }
  };
  // A rollback is older on purpose, so it is nobody's rival.
  take(database_.query(
      "SELECT id, \"commit\", next_stage FROM runs INDEXED BY runs_queued WHERE place = 0 AND template = ? AND branch = ? "
      "AND id > ? AND id < ? ORDER BY id DESC LIMIT ?", of_template, branch, from, limit, at_most));
  take(database_.query(
      "SELECT id, \"commit\", next_stage FROM runs INDEXED BY runs_known WHERE place = 1 AND state = 0 "
      "AND allow_rollback IS NOT 1 AND template = ? AND branch = ? AND id > ? AND id < ? ORDER BY id DESC LIMIT ?",
      of_template, branch, from, limit, at_most));
  std::sort(rivals.begin(), rivals.end(), [](const Rival& a, const Rival& b) { return a.run > b.run; });
  if (rivals.size() > at_most) rivals.resize(at_most);
  return rivals;
}

std::vector<Rival> Store::rivals(const Lease& lease, RunId older_than) {
  if (!holds_lease(lease)) return {};
  return rival_page(lease.run, false, older_than, rivals_per_page);
}

std::vector<Rival> Store::newer_rivals(const Lease& lease) {
  if (!holds_lease(lease)) return {};
  return rival_page(lease.run, true, RunId(std::numeric_limits<std::int64_t>::max()), rivals_per_page);
}

std::size_t Store::supersede(const std::vector<RunId>& runs, RunId by, const std::string& why, Clock::time_point now) {
  std::size_t count = 0;
  const std::string reason = why.empty() ? "run " + std::to_string(by.value()) + " is newer" : why;
  for (const RunId run : runs) {
    const auto changed = database_.run(
        "UPDATE runs SET state = ?, place = NULL, waiting_for = NULL, not_before = NULL, reason = ?, finished = ? "
        "WHERE id = ? AND state = ?", RunState::superseded, reason, now, run.value(), RunState::queued);
    if (changed == 0) continue;
    state_.left(run);
    ++count;
  }
  return count;
}

bool Store::holds_lease(const Lease& lease) {
  auto row = database_.query("SELECT 1 FROM runs WHERE id = ? AND generation = ? AND state = ?", lease.run.value(),
                             lease.generation, RunState::running);
  return row.next();
}

bool Store::stage_started(const Lease& lease, Stage stage, Clock::time_point now) {
  if (!holds_lease(lease)) return false;
  database_.run("INSERT OR REPLACE INTO stages(run, stage, started) VALUES(?, ?, ?)", lease.run.value(), stage, now);
  return true;
}

bool Store::stage_finished(const Lease& lease, Stage stage, const std::string& outcome, const std::string& detail,
                           Clock::time_point now) {
  if (!holds_lease(lease)) return false;
  const auto changed = database_.run("UPDATE stages SET finished = ?, outcome = ?, detail = ? WHERE run = ? AND stage = ?", now,
                                     outcome, detail, lease.run.value(), stage);
  if (changed == 0) {
    database_.run("INSERT INTO stages(run, stage, started, finished, outcome, detail) VALUES(?, ?, ?, ?, ?, ?)",
                  lease.run.value(), stage, now, now, outcome, detail);
  }
  return true;
}

bool Store::chose_tag(const Lease& lease, const std::string& tag) {
  return database_.run("UPDATE runs SET rebuild_tag = ? WHERE id = ? AND generation = ? AND state = ?", tag, lease.run.value(),
                       lease.generation, RunState::running) == 1;
}

bool Store::built(const Lease& lease, const BuildResults& results) {
  return database_.run(
             "UPDATE runs SET image = ?, tag = ?, digest = ?, next_stage = ?, failures = NULL, failing_since = NULL "
             "WHERE id = ? AND generation = ? AND state = ?", results.image, results.tag, results.digest.value(),
             Stage::handoff, lease.run.value(), lease.generation, RunState::running) == 1;
}

bool Store::finish(const Lease& lease, const RunOutcome& outcome, Clock::time_point now) {
  const auto none = std::optional<CommitSha>();
  if (const auto* one = std::get_if<Postponed>(&outcome)) return postpone(lease, *one, now);
  if (const auto* one = std::get_if<HandedOff>(&outcome)) return end(lease, RunState::succeeded, one->note, one->commit, now);
  if (const auto* one = std::get_if<Unchanged>(&outcome)) return end(lease, RunState::succeeded, one->why, none, now);
  if (const auto* one = std::get_if<Superseded>(&outcome)) return end(lease, RunState::superseded, one->why, none, now);
  if (const auto* one = std::get_if<Cancelled>(&outcome)) return end(lease, RunState::cancelled, one->why, none, now);
  const Failed& failed = std::get<Failed>(outcome);
  return end(lease, RunState::failed, failed.reason, none, now);
}

bool Store::end(const Lease& lease, RunState state, const std::string& reason, const std::optional<CommitSha>& commit,
                Clock::time_point now) {
  const Packed infra(commit ? commit->value() : std::string());
  const auto changed = database_.run(
      "UPDATE runs SET state = ?, place = NULL, reason = ?, handoff_commit = ?, finished = ? "
      "WHERE id = ? AND generation = ? AND state = ?", state, reason, commit ? std::optional<Blob>(infra) : std::nullopt, now,
      lease.run.value(), lease.generation, RunState::running);
  if (changed == 0) return false;
  database_.run("UPDATE stages SET finished = ?, outcome = ? WHERE run = ? AND finished IS NULL", now, name(state),
                lease.run.value());
  state_.left(lease.run);
  news_ = true;
  return true;
}

std::optional<RunId> Store::replace(const Lease& lease, const CommitSha& head, const Parameters& parameters,
                                    const std::string& why, Clock::time_point now) {
  std::int64_t delivery = 0, of_template = 0, branch = 0;
  RunRequest request;
  Delivery of;
  {
    auto row = database_.query(
        "SELECT delivery, template, branch, \"trigger\", source FROM runs WHERE id = ? AND generation = ? AND state = ?",
        lease.run.value(), lease.generation, RunState::running);
    if (!row.next()) return std::nullopt;
    delivery = row.integer(0);
    of_template = row.integer(1);
    branch = row.integer(2);
    request.trigger = row.text(3);
    of.source = static_cast<Source>(row.integer(4));
  }
  end(lease, RunState::superseded, why, std::nullopt, now);
  for (const Rival& queued : rivals_in(of_template, branch, 0, std::numeric_limits<std::int64_t>::max(), rivals_per_page)) {
    if (queued.commit == head) return queued.run;
  }
  const auto group = group_of(of_template, branch);
  request.template_name = group.template_name;
  request.parameters = parameters;
  of.push.after = head;
  return make_run(delivery, branch, group, of, request, false, now);
}

bool Store::postpone(const Lease& lease, const Postponed& postponed, Clock::time_point now) {
  std::int64_t of_template = 0, branch = 0;
  {
    auto row = database_.query("SELECT template, branch FROM runs WHERE id = ? AND generation = ? AND state = ?",
                               lease.run.value(), lease.generation, RunState::running);
    if (!row.next()) return false;
    of_template = row.integer(0);
    branch = row.integer(1);
  }
  database_.run("UPDATE runs SET state = ?, place = 1, waiting_for = ?, next_stage = ?, reason = ?, not_before = ? WHERE id = ?",
                RunState::queued, postponed.waiting_for, postponed.stage, postponed.reason, postponed.until, lease.run.value());
  if (is_accident(postponed.waiting_for)) {
    database_.run(
        "UPDATE runs SET failures = coalesce(failures, 0) + 1, failing_since = coalesce(failing_since, ?) WHERE id = ?", now,
        lease.run.value());
  }
  // Learning of a hold means that the server was reachable, so the series of failures has ended.
  if (postponed.waiting_for == WaitingFor::hold) {
    database_.run("UPDATE runs SET failures = NULL, failing_since = NULL WHERE id = ?", lease.run.value());
  }
  database_.run("UPDATE stages SET finished = ?, outcome = ?, detail = ? WHERE run = ? AND finished IS NULL", now, "postponed",
                postponed.reason, lease.run.value());
  schedule::Waiting waiting;
  waiting.run = lease.run;
  waiting.reason = postponed.waiting_for;
  waiting.next_stage = postponed.stage;
  waiting.not_before = postponed.until;
  state_.waits(group_of(of_template, branch), waiting);
  news_ = true;
  return true;
}

}  // namespace slipway::queue::sqlite

#include "queue/sqlite/store.hpp"

namespace slipway::queue::sqlite {

void Store::configure(const schedule::Policy& policy) {
  options_.policy = policy;
  state_.configure(policy);
  end_overruled_holds();
  news_ = true;
}

/// Releases what the configuration, changed since, says is to be overwritten.
void Store::end_overruled_holds() {
  std::vector<TemplateName> overruled;
  {
    auto held = database_.query("SELECT t.name FROM holds h JOIN templates t ON t.number = h.template");
    while (held.next()) {
      const auto rules = options_.policy.templates.find(TemplateName(held.text(0)));
      if (rules != options_.policy.templates.end() && !rules->second.heeds_reverts) overruled.push_back(rules->first);
    }
  }
  for (const auto& name : overruled) release(name);
}

Answer Store::cancel_queued(RunId run, Clock::time_point now) {
  const auto changed = database_.run(
      "UPDATE runs SET state = ?, place = NULL, waiting_for = NULL, not_before = NULL, reason = ?, finished = ? "
      "WHERE id = ? AND state = ?", RunState::cancelled, "cancelled while it was queued", now, run.value(), RunState::queued);
  if (changed == 1) {
    state_.left(run);
    return Answer::done;
  }
  auto row = database_.query("SELECT state FROM runs WHERE id = ?", run.value());
  if (!row.next()) return Answer::unknown;
  return static_cast<RunState>(row.integer(0)) == RunState::running ? Answer::is_running : Answer::not_allowed;
}

Answer Store::retry(RunId run, const RetryRequest& request) {
  bool has_results = false;
  std::int64_t of_template = 0, branch = 0;
  {
    auto row = database_.query("SELECT state, tag IS NOT NULL, template, branch FROM runs WHERE id = ?", run.value());
    if (!row.next()) return Answer::unknown;
    const auto state = static_cast<RunState>(row.integer(0));
    if (state == RunState::running) return Answer::is_running;
    // A succeeded run is done, unless the operator asks to deploy or build it again.
    const bool once_more = state != RunState::succeeded || request.allow_rollback || request.rebuild;
    if (!may_become(state, RunState::queued) || !once_more) return Answer::not_allowed;
    has_results = row.integer(1) != 0;
    of_template = row.integer(2);
    branch = row.integer(3);
  }
  schedule::Waiting waiting;
  waiting.run = run;
  waiting.next_stage = schedule::resume_at(has_results && !request.rebuild);
  database_.run(
      "UPDATE runs SET state = ?, place = 1, waiting_for = NULL, next_stage = ?, reason = NULL, allow_rollback = ?, "
      "rebuild = ?, rebuild_tag = NULL, failures = NULL, failing_since = NULL, finished = NULL, handoff_commit = NULL WHERE id = ?",
      RunState::queued, waiting.next_stage, request.allow_rollback, request.rebuild, run.value());
  if (request.rebuild) {
    database_.run("UPDATE runs SET image = NULL, tag = NULL, digest = NULL WHERE id = ?", run.value());
  }
  mark_held(of_template);
  state_.waits(group_of(of_template, branch), waiting);
  news_ = true;
  return Answer::done;
}

/// Marks the queued hand-offs of a held template as waiting for the hold.
void Store::mark_held(std::int64_t of_template) {
  database_.run(
      "UPDATE runs SET waiting_for = ?1, reason = h.why || '; `slipway release ' || t.name || '` lets it go on' "
      "FROM holds h JOIN templates t ON t.number = h.template "
      "WHERE h.template = ?2 AND runs.place = 1 AND runs.template = ?2 AND runs.state = ?3 AND runs.next_stage = ?4",
      WaitingFor::hold, of_template, RunState::queued, Stage::handoff);
}

void Store::hold(const TemplateName& name, const std::string& why, Clock::time_point now) {
  const std::int64_t number = template_number(name);
  database_.run("INSERT OR IGNORE INTO holds(template, why, since) VALUES(?, ?, ?)", number, why, now);
  mark_held(number);
  state_.hold(name);
}

bool Store::release(const TemplateName& name) {
  const std::int64_t number = template_number(name);
  if (database_.run("DELETE FROM holds WHERE template = ?", number) == 0) return false;
  // The place in the infra branch stays: what was pushed up to there is forgotten for good.
  database_.run("UPDATE handed_off SET tag = '', source_commit = ? WHERE template = ?", Blob(Packed(std::string(40, '0'))), number);
  database_.run(
      "UPDATE runs SET waiting_for = NULL, reason = NULL WHERE place = 1 AND template = ? AND state = ? AND waiting_for = ?",
      number, RunState::queued, WaitingFor::hold);
  state_.release(name);
  news_ = true;
  return true;
}

std::optional<Hold> Store::held(const TemplateName& name) {
  auto row = database_.query("SELECT why, since FROM holds WHERE template = ?", template_number(name));
  if (!row.next()) return std::nullopt;
  Hold hold;
  hold.template_name = name;
  hold.why = row.text(0);
  hold.since = row.time(1);
  return hold;
}

std::optional<HandedOffLast> Store::last_handed_off(const TemplateName& name, const std::string& file) {
  auto row = database_.query("SELECT tag, source_commit, infra_commit FROM handed_off WHERE template = ? AND file = ?",
                             template_number(name), file);
  if (!row.next()) return std::nullopt;
  return HandedOffLast(row.text(0), CommitSha(unpacked(row, 1)), CommitSha(unpacked(row, 2)));
}

void Store::set_last_handed_off(const TemplateName& name, const std::string& file, const HandedOffLast& what) {
  database_.run("INSERT OR REPLACE INTO handed_off(template, file, tag, source_commit, infra_commit) VALUES(?, ?, ?, ?, ?)",
                template_number(name), file, what.tag, Blob(Packed(what.source_commit.value())),
                Blob(Packed(what.infra_commit.value())));
}

}  // namespace slipway::queue::sqlite

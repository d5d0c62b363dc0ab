#include "queue/sqlite/store.hpp"

#include <unistd.h>

#include <utility>

#include "base/failure.hpp"
#include "queue/sqlite/schema.hpp"

namespace slipway::queue::sqlite {
namespace {

/// Whether a record is gone for good. One that merely cannot be read now is not.
bool is_lost(const std::filesystem::path& directory, const Extent& extent) {
  try {
    return !read_record(directory, extent);
  } catch (const Unavailable&) {
    return false;
  }
}

std::filesystem::path made(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw Unavailable("the queue cannot make " + directory.string() + ": " + error.message());
  return directory;
}

std::int64_t last_segment(Database& database) {
  auto row = database.query("SELECT segment FROM deliveries ORDER BY number DESC LIMIT 1");
  return row.next() ? row.integer(0) : 0;
}

}  // namespace

Store::Store(std::filesystem::path directory, const Options& options, Clock::time_point now)
    : directory_(made(directory)), options_(options), database_(open_for_writing(directory_ / "queue.db")),
      checkpointer_(directory_ / "queue.db"), segments_(directory_, options.segment_size, last_segment(database_)) {
  const auto files = list_segments(directory_);
  oldest_segment_ = files.empty() ? 1 : files.front();
  seen_segment_ = segments_.current();
  begin();
  recover(now);
  heal();
  load();
  end_overruled_holds();
  commit();
  // The files' directory entries must be as durable as their contents.
  sync_directory(directory_);
  sync_directory(directory_.has_parent_path() ? directory_.parent_path() : std::filesystem::path("."));
}

void Store::begin() {
  if (database_.in_transaction()) database_.script("ROLLBACK");
  if (stale_) load();
  database_.script("BEGIN IMMEDIATE");
}

bool Store::commit() {
  write_branches();
  segments_.write();
  database_.script("COMMIT");
  const bool whole = segments_.synced();
  tidy();
  return whole;
}

/// Runs after the commit, so a failure must not fail the transaction; it is retried after later ones.
void Store::tidy() noexcept {
  try {
    checkpointer_.after_commit(database_);
    if (segments_.current() == seen_segment_) return;
    seen_segment_ = segments_.current();
    trim_bodies();
  } catch (const std::exception& error) {
    untidy_ = error.what();
  }
}

std::string Store::take_untidy() noexcept { return std::exchange(untidy_, std::string()); }

void Store::abort() noexcept {
  segments_.discard();
  stale_ = true;
  try {
    if (database_.in_transaction()) database_.script("ROLLBACK");
  } catch (const std::exception&) {
    // begin() retries the rollback before anything else is written.
  }
}

void Store::recover(Clock::time_point now) {
  auto left = database_.query("SELECT id, tag IS NOT NULL FROM runs WHERE place = 1 AND state = ? ORDER BY id", RunState::running);
  std::vector<std::pair<std::int64_t, bool>> running;
  while (left.next()) running.emplace_back(left.integer(0), left.integer(1) != 0);
  for (const auto& [run, has_results] : running) {
    database_.run("UPDATE runs SET state = ?, next_stage = ?, reason = ? WHERE id = ?", RunState::queued,
                  schedule::resume_at(has_results), "the daemon ended while this ran", run);
    database_.run("UPDATE stages SET finished = ?, outcome = ? WHERE run = ? AND finished IS NULL", now, "interrupted", run);
    recovered_.emplace_back(run);
  }
  std::vector<std::int64_t> held;
  auto holds = database_.query("SELECT template FROM holds");
  while (holds.next()) held.push_back(holds.integer(0));
  for (const std::int64_t of_template : held) mark_held(of_template);
}

/// After a power failure: a pending delivery that was never acknowledged, and whose raw bytes are lost, cannot be completed. Moves its
/// branch back to where it was, so that reconciling heads judges the push again, by what it really changed.
void Store::heal() {
  std::vector<std::int64_t> lost;
  {
    auto pending = database_.query(
        "SELECT number, \"offset\", length FROM deliveries INDEXED BY deliveries_pending WHERE pending = 1 AND segment = ? "
        "ORDER BY number DESC LIMIT 1024", segments_.current());
    while (pending.next()) {
      const Extent extent(segments_.current(), pending.integer(1), pending.integer(2));
      if (is_lost(directory_, extent)) lost.push_back(pending.integer(0));
    }
  }
  for (const std::int64_t number : lost) {
    database_.run(
        "UPDATE branches SET seen = d.was FROM (SELECT branch, after, coalesce(base, before) AS was FROM deliveries WHERE number = ?) d "
        "WHERE branches.number = d.branch AND branches.seen = d.after", number);
    database_.run("UPDATE deliveries SET pending = NULL WHERE number = ?", number);
  }
}

void Store::load() {
  state_ = schedule::State(options_.policy);
  template_numbers_.clear();
  template_names_.clear();
  branches_.clear();
  moved_branches_.clear();
  known_branches_.clear();
  {
    auto last = database_.query(
        "SELECT max(delivery, (SELECT coalesce(max(number), 0) FROM deliveries)), max(run, (SELECT coalesce(max(id), 0) FROM runs)) FROM given");
    last.next();
    next_delivery_ = last.integer(0) + 1;
    next_run_ = last.integer(1) + 1;
  }
  auto holds = database_.query("SELECT t.name FROM holds h JOIN templates t ON t.number = h.template");
  while (holds.next()) state_.hold(TemplateName(holds.text(0)));
  auto known = database_.query(
      "SELECT id, template, branch, state, waiting_for, next_stage, not_before FROM runs WHERE place = 1 ORDER BY id");
  while (known.next()) {
    const auto group = group_of(known.integer(1), known.integer(2));
    schedule::Waiting waiting;
    waiting.run = RunId(known.integer(0));
    waiting.reason = static_cast<WaitingFor>(known.integer(4));
    waiting.next_stage = static_cast<Stage>(known.integer(5));
    waiting.not_before = known.maybe_time(6);
    state_.waits(group, waiting);
    if (static_cast<RunState>(known.integer(3)) == RunState::running) state_.started(group, waiting.run);
  }
  // Skips from group to group by the index, so the cost does not depend on the runs in each.
  std::int64_t last_template = 0, last_branch = 0;
  for (;;) {
    auto next = database_.query(
        "SELECT template, branch FROM runs INDEXED BY runs_queued WHERE place = 0 AND (template, branch) > (?, ?) "
        "ORDER BY template, branch LIMIT 1", last_template, last_branch);
    if (!next.next()) break;
    last_template = next.integer(0);
    last_branch = next.integer(1);
    state_.has_queued(group_of(last_template, last_branch));
  }
  news_ = true;
  stale_ = false;
}

std::int64_t Store::template_number(const TemplateName& name) {
  const auto at = template_numbers_.find(name);
  if (at != template_numbers_.end()) return at->second;
  std::int64_t number = 0;
  {
    auto row = database_.query("SELECT number FROM templates WHERE name = ?", name.value());
    if (row.next()) number = row.integer(0);
  }
  if (number == 0) {
    database_.run("INSERT INTO templates(name) VALUES(?)", name.value());
    number = database_.last_insert();
  }
  template_numbers_.emplace(name, number);
  template_names_.emplace(number, name);
  return number;
}

schedule::Group Store::group_of(std::int64_t template_number, std::int64_t branch_number) {
  auto name = template_names_.find(template_number);
  if (name == template_names_.end()) {
    auto row = database_.query("SELECT name FROM templates WHERE number = ?", template_number);
    row.next();
    name = template_names_.emplace(template_number, TemplateName(row.text(0))).first;
  }
  auto branch = branches_.find(branch_number);
  if (branch == branches_.end()) {
    auto row = database_.query("SELECT repository, ref FROM branches WHERE number = ?", branch_number);
    row.next();
    branch = branches_.emplace(branch_number, std::pair(RepoName(row.text(0)), row.text(1))).first;
  }
  return schedule::Group(name->second, branch->second.first, branch->second.second);
}

bool Store::take_news() noexcept { return std::exchange(news_, false); }

}  // namespace slipway::queue::sqlite

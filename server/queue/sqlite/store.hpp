#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/open.hpp"
#include "queue/queue.hpp"
#include "queue/sqlite/checkpointer.hpp"
#include "queue/sqlite/database.hpp"
#include "queue/sqlite/rows.hpp"
#include "queue/sqlite/segments.hpp"
#include "schedule/arrival.hpp"
#include "schedule/state.hpp"

namespace slipway::queue::sqlite {

/// The queue's whole state, on disk and in memory, and the operations on it. Used by one thread. Any number of operations may
/// run between begin() and commit(); if any of these throws, call abort(), and none of them has happened.
class Store {
 public:
  /// Opens or creates the files, and requeues runs that a dead daemon left running.
  Store(std::filesystem::path directory, const Options& options, Clock::time_point now);

  void begin();
  /// False: the transaction is durable, but the raw bytes of its deliveries may not be.
  bool commit();
  void abort() noexcept;
  /// Returns once why the checkpoint or the removal of old segments after a commit failed; empty if neither did.
  std::string take_untidy() noexcept;

  // Deliveries (intake.cpp).
  Accepted accept(const Delivery& delivery, const Decision& decision, Clock::time_point now);
  /// `first`: the runs that the verdict it was accepted with asked for.
  std::vector<MadeRun> complete(const DeliveryId& delivery, const Verdict& verdict, const std::vector<RunRequest>& first,
                                bool moves_nothing, Clock::time_point now);
  void doubt(const DeliveryId& delivery);

  // Working on runs (work.cpp).
  std::optional<Claim> claim(Clock::time_point now);
  std::vector<Rival> rivals(const Lease& lease, RunId older_than);
  std::vector<Rival> newer_rivals(const Lease& lease);
  std::size_t supersede(const std::vector<RunId>& runs, RunId by, const std::string& why, Clock::time_point now);
  bool stage_started(const Lease& lease, Stage stage, Clock::time_point now);
  bool stage_finished(const Lease& lease, Stage stage, const std::string& outcome, const std::string& detail,
                      Clock::time_point now);
  bool chose_tag(const Lease& lease, const std::string& tag);
  bool built(const Lease& lease, const BuildResults& results);
  bool finish(const Lease& lease, const RunOutcome& outcome, Clock::time_point now);
  std::optional<RunId> replace(const Lease& lease, const CommitSha& head, const Parameters& parameters,
                               const std::string& why, Clock::time_point now);

  // Configuration, operator commands and hand-off records (decisions.cpp).
  void configure(const schedule::Policy& policy);
  Answer cancel_queued(RunId run, Clock::time_point now);
  Answer retry(RunId run, const RetryRequest& request);
  void hold(const TemplateName& name, const std::string& why, Clock::time_point now);
  bool release(const TemplateName& name);
  std::optional<Hold> held(const TemplateName& name);
  std::optional<HandedOffLast> last_handed_off(const TemplateName& name, const std::string& file);
  void set_last_handed_off(const TemplateName& name, const std::string& file, const HandedOffLast& what);

  // Retention (keeping.cpp).
  void forget(const std::vector<RunId>& runs);
  /// Removes the expired deliveries from a batch after `from`; returns where to continue, or nothing when done.
  std::optional<std::int64_t> clean_deliveries(std::int64_t from, Clock::time_point now, Cleaned& cleaned);
  /// Unlists expired segments and returns them; their files may be removed after the commit.
  std::vector<std::int64_t> clean_segments(Clock::time_point now);
  /// Removes a segment's file; returns its size in bytes, 0 on failure.
  std::uint64_t remove_segment(std::int64_t segment) noexcept;
  /// Returns some free pages to the file system; false when there are no more.
  bool vacuum_some();

  const std::vector<RunId>& recovered() const noexcept { return recovered_; }
  /// Whether claim() may find something new since the last call.
  bool take_news() noexcept;
  std::optional<Clock::time_point> next_due() const { return state_.next_due(); }

 private:
  void recover(Clock::time_point now);
  void heal();
  void load();
  std::int64_t template_number(const TemplateName& name);
  schedule::Group group_of(std::int64_t template_number, std::int64_t branch_number);
  void refill(const schedule::Group& group);
  bool holds_lease(const Lease& lease);
  void trim_bodies();
  bool is_pinned(std::int64_t segment);
  void note_given();

  /// A branch as seen by the current transaction. Cached, so that many pushes to it write its row only once.
  struct Branch {
    std::int64_t number = 0;
    std::optional<schedule::LastPush> last;
    CommitSha seen;
    std::int64_t last_delivery = 0;
    std::optional<Clock::time_point> stored;  ///< when it moved; empty once written
  };
  /// The reference is valid until forget_branches().
  Branch& branch_of(const Push& push);
  void write_branches();
  void forget_branches();
  struct Name;
  Name name_of(const Delivery& delivery);
  std::vector<RunRequest> missing_runs(std::int64_t delivery, const Decision& decision);
  Accepted judge_again(std::int64_t number, std::int64_t branch, const Delivery& delivery, const Decision& decision,
                       const std::vector<RunRequest>& missing, Clock::time_point now);
  Accepted first_answer(std::int64_t delivery);
  std::vector<MadeRun> made_runs(std::int64_t first, std::int64_t count);
  void name_removed(std::vector<MadeRun>& runs, const Extent& extent);
  void tidy() noexcept;
  std::vector<RunRequest> requests_at(const Extent& extent);
  bool has_run(std::int64_t first, std::int64_t count, const RunRequest& request);
  void put_branch_right(std::int64_t delivery);
  RunId make_run(std::int64_t delivery, std::int64_t branch, const schedule::Group& group, const Delivery& of,
                 const RunRequest& request, bool only_when_completed, Clock::time_point now);
  void mark_short_of_memory(const schedule::Start& first);
  void mark_held(std::int64_t of_template);
  void end_overruled_holds();
  std::vector<Rival> rival_page(RunId run, bool newer, RunId limit, std::size_t at_most);
  std::vector<Rival> rivals_in(std::int64_t of_template, std::int64_t branch, std::int64_t from, std::int64_t limit,
                               std::size_t at_most);
  bool postpone(const Lease& lease, const Postponed& postponed, Clock::time_point now);
  bool end(const Lease& lease, RunState state, const std::string& reason, const std::optional<CommitSha>& commit,
           Clock::time_point now);

  std::filesystem::path directory_;
  Options options_;
  Database database_;
  Checkpointer checkpointer_;
  Segments segments_;
  schedule::State state_;
  std::unordered_map<TemplateName, std::int64_t> template_numbers_;
  std::unordered_map<std::int64_t, TemplateName> template_names_;
  std::unordered_map<std::int64_t, std::pair<RepoName, std::string>> branches_;
  std::unordered_map<std::string, Branch> known_branches_;  ///< by "repository ref"
  std::vector<Branch*> moved_branches_;                     ///< those to be written before the commit
  std::string untidy_;
  std::vector<RunId> recovered_;
  std::int64_t next_delivery_ = 1;
  std::int64_t next_run_ = 1;
  std::int64_t oldest_segment_ = 0;
  std::int64_t seen_segment_ = 0;
  bool news_ = true;
  bool stale_ = false;  ///< after abort(), memory may differ from the disk until load()
};

}  // namespace slipway::queue::sqlite

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/task.hpp"
#include "model/delivery.hpp"
#include "model/run.hpp"
#include "queue/decision.hpp"
#include "schedule/newest.hpp"
#include "schedule/policy.hpp"
#include "schedule/retry.hpp"

namespace slipway::queue {

/// A run that a delivery made, as it is now.
struct MadeRun {
  MadeRun() = default;
  MadeRun(RunId id, TemplateName name, std::optional<RunState> now, std::string why = std::string())
      : run(id), template_name(std::move(name)), state(now), reason(std::move(why)) {}
  RunId run;
  TemplateName template_name;
  std::optional<RunState> state;  ///< none: it finished and retention has removed it
  std::string reason;
};

/// The answer to a delivery, durable when it is given.
struct Accepted {
  Accepted() = default;
  DeliveryId delivery;        ///< under which it is stored: of a duplicate, the first one's
  std::vector<MadeRun> runs;  ///< of a duplicate the first runs with their present states
  bool duplicate = false;
  bool pending = false;       ///< to be judged again with the commits completed from Git: complete()
  bool gap = false;           ///< `before` was not the last `after` stored for this branch
};

/// A delivery whose commit list is incomplete, or that came after a gap. `delivery` has its body and headers, and of the push
/// repository, ref, before and after.
struct Pending {
  Pending() = default;
  Delivery delivery;
  CommitSha base;    ///< compare with this: the last `after` stored across a gap, else the push's own `before`
  bool gap = false;
  std::string unreadable;  ///< why the delivery's bytes can not be read just now; then it has neither headers nor body
};

/// A push that was taken at its word: its payload looked complete.
struct Taken {
  Taken() = default;
  DeliveryId delivery;
  CommitSha before, after;
};

/// The right to work on a run. Whoever claims it later has a higher generation, and the older lease is fenced.
struct Lease {
  Lease() = default;
  Lease(RunId id, std::uint64_t number) : run(id), generation(number) {}
  RunId run;
  std::uint64_t generation = 0;
};

using schedule::Rival;

/// A run to be worked on. Its stages are not filled in.
struct Claim {
  Claim() = default;
  Lease lease;
  Run run;
  std::vector<Rival> rivals;    ///< the newest other queued runs of its group, newest first, one page
  bool more_rivals = false;     ///< ask rivals() for older ones
  schedule::Trouble trouble;    ///< accidents in a row before this start, for schedule::next_try
};

struct RetryRequest {
  RetryRequest() = default;
  RetryRequest(bool rollback, bool build_again) : allow_rollback(rollback), rebuild(build_again) {}
  bool allow_rollback = false;
  bool rebuild = false;
};

/// What came of asking to cancel or retry a run.
enum class Answer {
  done,
  unknown,     ///< there is no such run (any more)
  is_running,  ///< cancel: the worker that has it must end it; retry: nothing to retry yet
  not_allowed, ///< its state does not allow it: cancel of a finished, retry of a queued run, mere retry of a succeeded one
};

struct Hold {
  Hold() = default;
  TemplateName template_name;
  std::string why;
  Clock::time_point since;
};

/// What a template handed off last into one values file.
struct HandedOffLast {
  HandedOffLast() = default;
  HandedOffLast(std::string written, CommitSha source, CommitSha infra)
      : tag(std::move(written)), source_commit(std::move(source)), infra_commit(std::move(infra)) {}
  std::string tag;
  CommitSha source_commit, infra_commit;
};

/// Where a branch was last seen, by whatever delivery.
struct BranchHead {
  BranchHead() = default;
  RepoName repository;
  std::string ref;
  CommitSha before, after;  ///< `after`: where the branch is taken to be; `before`: of the push that was stored last
  DeliveryId last;          ///< the delivery of that push
  bool pending = false;     ///< deliveries of it wait to be completed: until then it is not sure, and not to be reconciled
  Clock::time_point stored;
};

struct Cleaned {
  std::uint64_t deliveries = 0;  ///< verdicts and keys removed
  std::uint64_t body_bytes = 0;  ///< of segments removed
};

/// How much is on its way to the disk.
struct Backlog {
  std::size_t waiting = 0;  ///< operations whose caller waits
  std::size_t records = 0;  ///< record()s that nobody waits for
};

/// The durable queue of deliveries and runs. Every change is on disk when its task returns, or has not happened at all.
/// Called on the loop; each task is awaited by its caller and can not be cancelled half-way. All throw Unavailable when the
/// disk is full or out of order (nothing is changed then, and it recovers by itself when there is room), or when more waits than
/// the queue takes. tests/contract/queue_*.cpp are the definition of this interface.
class Queue {
 public:
  virtual ~Queue() = default;

  /// Takes over a new configuration, and applies it to what is queued.
  virtual Task<> configure(const schedule::Policy& policy) = 0;

  // Deliveries.
  /// Stores a delivery and makes its runs, exactly once however often the delivery or its push comes (schedule/arrival.hpp). One that
  /// made nothing may make them when it comes again: under a configuration that has been mended since.
  virtual Task<Accepted> accept(const Delivery& delivery, const Decision& decision) = 0;
  /// The same for what promises nothing, and not awaited: on disk within 100 ms. False when too many wait already: then neither is
  /// moved from, and accept() waits for room. A gap it finds makes it pending all the same.
  virtual bool record(Delivery&& delivery, Decision&& decision) = 0;
  /// The oldest deliveries that wait to be completed, at most `at_most`, beginning after `after` (empty: from the first).
  virtual Task<std::vector<Pending>> pending(const DeliveryId& after, std::size_t at_most) = 0;
  /// Ends a delivery's waiting: makes the runs of `verdict` that it has not made yet, marked only_when_completed, and returns
  /// them. A second call makes none. `was_late`: Git says that the push's `after` is an ancestor of Pending::base; then it does
  /// not count as where the branch is (schedule::branch_position).
  virtual Task<std::vector<MadeRun>> complete(const DeliveryId& delivery, const Verdict& verdict, bool was_late = false) = 0;
  /// What was taken at its word of a branch since `since` was stored (empty: among the newest 1,000 deliveries of all branches), oldest
  /// first: by webhook, neither pending nor completed.
  virtual Task<std::vector<Taken>> taken(const RepoName& repository, const std::string& ref, const DeliveryId& since) = 0;
  /// Makes such a delivery pending after all.
  virtual Task<> doubt(const DeliveryId& delivery) = 0;
  /// Every branch that a delivery named.
  virtual Task<std::vector<BranchHead>> branch_heads() = 0;
  /// The repositories of all runs there are.
  virtual Task<std::vector<RepoName>> built_repositories() = 0;

  // Working on runs.
  /// The next run by the rules of schedule::State, in state `running`; none while nothing may start.
  virtual Task<std::optional<Claim>> claim() = 0;
  /// The next page of rivals of a claimed run, those older than `older_than` (as they are queued now), newest first. With the
  /// claimed run's own id and `newer` the later ones, for `on_newer: cancel`.
  virtual Task<std::vector<Rival>> rivals(const Lease& lease, RunId older_than) = 0;
  virtual Task<std::vector<Rival>> newer_rivals(const Lease& lease) = 0;
  /// Supersedes queued runs; those that are not queued any more are left alone. Returns how many were.
  virtual Task<std::size_t> supersede(const std::vector<RunId>& runs, RunId by, const std::string& why) = 0;
  // The following return false, and write nothing, when the lease is fenced.
  virtual Task<bool> stage_started(const Lease& lease, Stage stage) = 0;
  virtual Task<bool> stage_finished(const Lease& lease, Stage stage, const std::string& outcome, const std::string& detail) = 0;
  /// The image is pushed: from here on the run goes on at the hand-off, whatever happens.
  virtual Task<bool> built(const Lease& lease, const BuildResults& results) = 0;
  /// Ends the run, or puts it back (Postponed): then it holds neither slot nor memory and is due at `until`, or when its
  /// template is released. Postponed for retry, git or registry counts as one more accident in a row.
  virtual Task<bool> finish(const Lease& lease, const RunOutcome& outcome) = 0;
  /// Ends a run as superseded because a forced push took its commit off the branch, and makes one of the same template and
  /// delivery at `head` instead, in one step: for when what is deployed and the head still differ in what the template builds
  /// (schedule::TooOld::off_branch). Returns the new run, or the one queued for that commit already; none when fenced.
  virtual Task<std::optional<RunId>> replace(const Lease& lease, const CommitSha& head, const Parameters& parameters,
                                             const std::string& why) = 0;
  /// Returns when claim() may find something, or at `at_most`. A hint: the table is the truth.
  virtual Task<> wait_for_work(Clock::time_point at_most) = 0;
  /// The runs that an earlier daemon left running when this queue was opened; they are queued again by now.
  virtual const std::vector<RunId>& recovered() const noexcept = 0;

  // What a person decides.
  virtual Task<Answer> cancel_queued(RunId run) = 0;
  /// Queues a finished run again, at the hand-off if its image is there and `rebuild` is not asked. One that has succeeded only with
  /// one of the options.
  virtual Task<Answer> retry(RunId run, const RetryRequest& request) = 0;
  virtual Task<> hold(const TemplateName& name, const std::string& why) = 0;
  /// Lifts a hold and forgets what was last handed off, so that the same revert does not hold again. False: it was not held.
  virtual Task<bool> release(const TemplateName& name) = 0;
  virtual Task<std::optional<Hold>> held(const TemplateName& name) = 0;

  // What was handed off, by template and values file.
  virtual Task<std::optional<HandedOffLast>> last_handed_off(const TemplateName& name, const std::string& file) = 0;
  virtual Task<> set_last_handed_off(const TemplateName& name, const std::string& file, const HandedOffLast& what) = 0;

  // Retention (schedule/retention.hpp). Remove the files of expired runs first, then forget them: a crash between leaks nothing.
  virtual Task<std::vector<RunId>> expired(Clock::time_point now, std::size_t at_most) = 0;
  virtual Task<> forget(const std::vector<RunId>& runs) = 0;
  /// Removes deliveries past their time, with their bodies, and gives free pages back.
  virtual Task<Cleaned> clean(Clock::time_point now) = 0;

  virtual Backlog backlog() const noexcept = 0;
};

}  // namespace slipway::queue

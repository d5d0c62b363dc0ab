#pragma once

#include <cstdint>
#include <optional>
#include <set>
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

/// A run made by a delivery, with its present state.
struct MadeRun {
  MadeRun() = default;
  MadeRun(RunId id, TemplateName name, std::optional<RunState> now, std::string why = std::string())
      : run(id), template_name(std::move(name)), state(now), reason(std::move(why)) {}
  RunId run;
  TemplateName template_name;
  std::optional<RunState> state;  ///< none: finished, and removed by retention
  std::string reason;
};

/// The answer to a delivery. Durable by the time it is returned.
struct Accepted {
  Accepted() = default;
  DeliveryId delivery;        ///< id it is stored under; for a duplicate, that of the original
  std::vector<MadeRun> runs;  ///< for a duplicate, the original's runs with their present states
  bool duplicate = false;
  bool pending = false;       ///< will be judged again, by complete(), with the commit list completed from Git
  bool gap = false;           ///< `before` was not the last `after` stored for this branch
};

/// A delivery whose commit list is incomplete, or that came after a gap. `delivery` has body and headers; of its push, only
/// repository, ref, before and after.
struct Pending {
  Pending() = default;
  Delivery delivery;
  CommitSha base;    ///< commit to compare with: across a gap where the branch was last seen, else the push's own `before`
  bool gap = false;
  std::string unreadable;  ///< why the delivery's bytes cannot be read at present; headers and body are then empty
};

/// A push judged from its payload alone, because that looked complete.
struct Taken {
  Taken() = default;
  DeliveryId delivery;
  CommitSha before, after;
};

/// The right to work on a run. A later claim has a higher generation and fences the older lease.
struct Lease {
  Lease() = default;
  Lease(RunId id, std::uint64_t number) : run(id), generation(number) {}
  RunId run;
  std::uint64_t generation = 0;
};

using schedule::Rival;

/// A run to work on. `run.stages` is not filled in.
struct Claim {
  Claim() = default;
  Lease lease;
  Run run;
  std::vector<Rival> rivals;    ///< other queued runs of its group, newest first; the first page
  bool more_rivals = false;     ///< rivals() has older ones
  schedule::Trouble trouble;    ///< consecutive infrastructure failures before this start, for schedule::next_try
};

struct RetryRequest {
  RetryRequest() = default;
  RetryRequest(bool rollback, bool build_again) : allow_rollback(rollback), rebuild(build_again) {}
  bool allow_rollback = false;
  bool rebuild = false;
};

/// The result of a request to cancel or retry a run.
enum class Answer {
  done,
  unknown,     ///< no such run, or no longer
  is_running,  ///< cancel: its worker must end it; retry: nothing to retry yet
  not_allowed, ///< wrong state: cancelling a finished run, retrying a queued one, or a succeeded one without options
};

struct Hold {
  Hold() = default;
  TemplateName template_name;
  std::string why;
  Clock::time_point since;
};

/// A template's last hand-off to one values file.
struct HandedOffLast {
  HandedOffLast() = default;
  HandedOffLast(std::string written, CommitSha source, CommitSha infra)
      : tag(std::move(written)), source_commit(std::move(source)), infra_commit(std::move(infra)) {}
  std::string tag;  ///< empty: the template has been released since
  CommitSha source_commit, infra_commit;
};

/// A branch as the deliveries so far have shown it.
struct BranchHead {
  BranchHead() = default;
  RepoName repository;
  std::string ref;
  CommitSha before, after;  ///< `after`: presumed position of the branch; `before`: that of the push stored last
  DeliveryId last;          ///< delivery of the push stored last
  bool pending = false;     ///< it has pending deliveries, so `after` is uncertain: do not reconcile it yet
  Clock::time_point stored;
};

struct Cleaned {
  std::uint64_t deliveries = 0;  ///< removed, with their verdicts and keys
  std::uint64_t body_bytes = 0;  ///< size of the segment files removed
};

/// Work not on disk yet.
struct Backlog {
  std::size_t waiting = 0;  ///< awaited operations
  std::size_t records = 0;  ///< unawaited record()s
};

/// The durable queue of deliveries and runs. Every change is on disk when its task returns, or has not happened at all.
/// Called on the loop; the caller awaits each task, which cannot be cancelled half-way. All throw Unavailable if the disk is full
/// or failing (nothing has changed then, and the queue recovers by itself), or if the backlog is full.
/// tests/contract/queue_*.cpp define this interface.
class Queue {
 public:
  virtual ~Queue() = default;

  /// Adopts a new policy, for runs already queued as well.
  virtual Task<> configure(const schedule::Policy& policy) = 0;

  // Deliveries.
  /// Stores a delivery and makes its runs, exactly once however often the delivery or its push is received (schedule/arrival.hpp).
  /// If it made no run the first time, a redelivery may: the configuration may have been fixed since. So may the delivery of a push that
  /// was reconciled before it came, where its payload asks for more than Git could tell.
  virtual Task<Accepted> accept(const Delivery& delivery, const Decision& decision) = 0;
  /// Fire-and-forget accept() for deliveries without runs (Decision::promises_nothing); durable within 100 ms. Returns false, arguments
  /// untouched, when the backlog is full: use accept() then. A delivery that turns out to follow a gap becomes pending all the same.
  virtual bool record(Delivery&& delivery, Decision&& decision) = 0;
  /// Up to `at_most` pending deliveries, oldest first, starting after `after` (empty: from the first); none of the repositories `without`.
  virtual Task<std::vector<Pending>> pending(const DeliveryId& after, std::size_t at_most, const std::set<RepoName>& without) = 0;
  /// Settles a pending delivery: makes those runs of `verdict` that it has not made yet, marked only_when_completed, and returns
  /// them. A second call makes none. `moves_nothing`: the branch is presumed where it was seen before, at Pending::base; Git says that the
  /// push arrived late (schedule::branch_position), or could not say anything.
  virtual Task<std::vector<MadeRun>> complete(const DeliveryId& delivery, const Verdict& verdict, bool moves_nothing = false) = 0;
  /// The webhook pushes of a branch that were judged from their payload alone (neither pending nor completed) and stored after `since`
  /// (empty: among the newest 1,000 deliveries of all branches), oldest first.
  virtual Task<std::vector<Taken>> taken(const RepoName& repository, const std::string& ref, const DeliveryId& since) = 0;
  /// Marks a previously trusted delivery (see taken()) as pending.
  virtual Task<> doubt(const DeliveryId& delivery) = 0;
  /// Every branch named by any delivery ever.
  virtual Task<std::vector<BranchHead>> branch_heads() = 0;

  // Working on runs.
  /// Starts the next run by the rules of schedule::State, and marks it `running`; none while nothing may start.
  virtual Task<std::optional<Claim>> claim() = 0;
  /// The next page of a claimed run's rivals: the presently queued ones older than `older_than`, newest first.
  virtual Task<std::vector<Rival>> rivals(const Lease& lease, RunId older_than) = 0;
  /// The queued rivals made after the claimed run, newest first, at most one page; for `on_newer: cancel`.
  virtual Task<std::vector<Rival>> newer_rivals(const Lease& lease) = 0;
  /// Supersedes those of `runs` that are still queued. Returns how many.
  virtual Task<std::size_t> supersede(const std::vector<RunId>& runs, RunId by, const std::string& why) = 0;
  // The following return false and write nothing if the lease is fenced.
  virtual Task<bool> stage_started(const Lease& lease, Stage stage) = 0;
  virtual Task<bool> stage_finished(const Lease& lease, Stage stage, const std::string& outcome, const std::string& detail) = 0;
  /// The tag under which a rebuild's image will be pushed: a later try takes the image that it finds there. Forgotten by retry().
  virtual Task<bool> chose_tag(const Lease& lease, const std::string& tag) = 0;
  /// The image is pushed: from now on the run always resumes at the hand-off.
  virtual Task<bool> built(const Lease& lease, const BuildResults& results) = 0;
  /// Ends the run, or requeues it (Postponed): it then holds neither slot nor memory, and is due at `until` or when its
  /// template is released. Postponed for retry, git, registry or disk counts as one more consecutive infrastructure failure.
  virtual Task<bool> finish(const Lease& lease, const RunOutcome& outcome) = 0;
  /// Ends a run as superseded because a forced push took its commit off the branch, and atomically makes one of the same template
  /// and delivery at `head`: used if the deployed commit and the head still differ in what the template builds
  /// (schedule::TooOld::off_branch). Returns the new run, or the one already queued for that commit; none if fenced.
  virtual Task<std::optional<RunId>> replace(const Lease& lease, const CommitSha& head, const Parameters& parameters,
                                             const std::string& why) = 0;
  /// Returns when claim() may find something, or at `at_most`. Only a hint: claim() may still find nothing.
  virtual Task<> wait_for_work(Clock::time_point at_most) = 0;
  /// Runs that an earlier daemon left running; opening this queue has requeued them.
  virtual const std::vector<RunId>& recovered() const noexcept = 0;

  // Operator commands.
  virtual Task<Answer> cancel_queued(RunId run) = 0;
  /// Requeues a finished run: at the hand-off if its image exists, unless `rebuild` is set. A succeeded run needs one of the options.
  virtual Task<Answer> retry(RunId run, const RetryRequest& request) = 0;
  virtual Task<> hold(const TemplateName& name, const std::string& why) = 0;
  /// Lifts a hold and forgets what was last handed off, so that the same revert does not trigger it again. False: it was not held.
  virtual Task<bool> release(const TemplateName& name) = 0;
  virtual Task<std::optional<Hold>> held(const TemplateName& name) = 0;

  // The last hand-off, by template and values file.
  virtual Task<std::optional<HandedOffLast>> last_handed_off(const TemplateName& name, const std::string& file) = 0;
  virtual Task<> set_last_handed_off(const TemplateName& name, const std::string& file, const HandedOffLast& what) = 0;

  // Retention (schedule/retention.hpp). Remove the files of expired runs first, then forget() them: a crash in between leaks nothing.
  virtual Task<std::vector<RunId>> expired(Clock::time_point now, std::size_t at_most) = 0;
  virtual Task<> forget(const std::vector<RunId>& runs) = 0;
  /// Removes expired deliveries and bodies, and returns free pages to the file system.
  virtual Task<Cleaned> clean(Clock::time_point now) = 0;

  virtual Backlog backlog() const noexcept = 0;
};

}  // namespace slipway::queue

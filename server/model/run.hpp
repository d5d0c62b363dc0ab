#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "model/delivery.hpp"

namespace slipway {

enum class RunState { queued, running, succeeded, failed, cancelled, superseded };
enum class Stage { checkout, check, build, handoff };

std::string_view name(RunState state) noexcept;
std::string_view name(Stage stage) noexcept;
std::optional<RunState> run_state_from(std::string_view name) noexcept;
std::optional<Stage> stage_from(std::string_view name) noexcept;

/// True for states that only a person's `retry` can leave.
bool is_finished(RunState state) noexcept;
/// Allowed transitions: queued → running | superseded | cancelled; running → queued | any finished; any finished → queued (retry).
bool may_become(RunState from, RunState to) noexcept;

/// Why a queued run does not start although a slot may be free; `none` if it is merely waiting its turn.
enum class WaitingFor { none, hold, retry, git, registry, memory, disk };
std::string_view name(WaitingFor reason) noexcept;
std::optional<WaitingFor> waiting_for_from(std::string_view name) noexcept;

/// What a build produces: the image, its tag (IMAGE_TAG) and digest (IMAGE_DIGEST).
struct BuildResults {
  BuildResults() = default;
  std::string image;  ///< `host/prefix/name`, without a tag
  std::string tag;
  Digest digest;
  bool operator==(const BuildResults&) const = default;
};

struct StageRecord {
  StageRecord() = default;
  Stage stage = Stage::checkout;
  Clock::time_point started;
  std::optional<Clock::time_point> finished;
  std::string outcome;  ///< `succeeded`, `failed`, `skipped`, …; empty while running
  std::string detail;   ///< one sentence, e.g. "12 tests, 1 failed: test_total"
};

/// One run: a template applied to one pushed commit.
struct Run {
  Run() = default;
  RunId id;
  DeliveryId delivery;
  TemplateName template_name;
  RepoName repository;
  std::string ref;
  CommitSha commit;
  Parameters parameters;
  Source source = Source::webhook;
  bool only_when_completed = false;
  RunState state = RunState::queued;
  WaitingFor waiting_for = WaitingFor::none;
  Stage next_stage = Stage::checkout;  ///< the stage at which it (re)starts
  std::string reason;                  ///< human-readable: why it failed, waits, or was superseded
  std::int64_t priority = 0;
  int attempts = 0;                    ///< starts so far
  bool allow_rollback = false;         ///< `slipway retry --allow-rollback`
  bool rebuild = false;                ///< `slipway retry --rebuild`
  std::string rebuild_tag;             ///< the tag that the rebuild writes; empty: not chosen yet
  std::optional<BuildResults> results;
  std::optional<CommitSha> handoff_commit;  ///< in the infra repository
  Clock::time_point created;
  std::optional<Clock::time_point> started, finished, not_before;
  std::vector<StageRecord> stages;
};

// How a run ends. `Failed` is the run's own failure; an external accident (a server that is gone) is `Postponed`, which
// does not end the run.
struct HandedOff {
  HandedOff() = default;
  explicit HandedOff(CommitSha sha, std::string more = "") : commit(std::move(sha)), note(std::move(more)) {}
  CommitSha commit;
  std::string note;  ///< human-readable: its pull request, or a mirror that lacks the commit
};
struct Unchanged {  ///< the deployed state already is this commit: nothing to write
  Unchanged() = default;
  explicit Unchanged(std::string text) : why(std::move(text)) {}
  std::string why;
};
/// What to build instead of a run whose commit was forced off its branch.
struct Successor {
  Successor() = default;
  Successor(CommitSha sha, Parameters with) : commit(std::move(sha)), parameters(std::move(with)) {}
  CommitSha commit;
  Parameters parameters;
};
struct Superseded {
  Superseded() = default;
  explicit Superseded(std::string text, bool gone = false) : why(std::move(text)), off_branch(gone) {}
  std::string why;
  bool off_branch = false;             ///< the branch no longer contains the run's commit
  std::optional<Successor> successor;  ///< set if the run's changes are to be built all the same
};
struct Failed {
  Failed() = default;
  Failed(Stage where, std::string why) : stage(where), reason(std::move(why)) {}
  Stage stage = Stage::checkout;
  std::string reason;
};
struct Cancelled {
  Cancelled() = default;
  explicit Cancelled(std::string text) : why(std::move(text)) {}
  std::string why;
};
/// Back to the queue: holds no slot and resumes at `stage`, not before `until` (nullopt: when a person releases it).
struct Postponed {
  Postponed() = default;
  Postponed(Stage where, WaitingFor what, std::string why, std::optional<Clock::time_point> when)
      : stage(where), waiting_for(what), reason(std::move(why)), until(when) {}
  Stage stage = Stage::checkout;
  WaitingFor waiting_for = WaitingFor::retry;
  std::string reason;
  std::optional<Clock::time_point> until;
};
using RunOutcome = std::variant<HandedOff, Unchanged, Superseded, Failed, Cancelled, Postponed>;

}  // namespace slipway

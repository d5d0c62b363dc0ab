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

/// True for the states that nothing leaves again but a person's `retry`.
bool is_finished(RunState state) noexcept;
/// The table of allowed changes: queued → running | superseded | cancelled; running → queued | any finished; any finished → queued
/// (retry).
bool may_become(RunState from, RunState to) noexcept;

/// Why a queued run is not started although a slot may be free; `none` for a run that is only waiting its turn.
enum class WaitingFor { none, hold, retry, git, registry, memory };
std::string_view name(WaitingFor reason) noexcept;
std::optional<WaitingFor> waiting_for_from(std::string_view name) noexcept;

/// What a build leaves behind: the contract's results IMAGE_TAG, IMAGE_DIGEST, COMMIT_SHA.
struct BuildResults {
  BuildResults() = default;
  std::string image;  ///< host/prefix/name without a tag
  std::string tag;
  Digest digest;
  bool operator==(const BuildResults&) const = default;
};

struct StageRecord {
  StageRecord() = default;
  Stage stage = Stage::checkout;
  Clock::time_point started;
  std::optional<Clock::time_point> finished;
  std::string outcome;  ///< `succeeded`, `failed`, `skipped`, … or empty while it runs
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
  Stage next_stage = Stage::checkout;  ///< where it goes on when (re)started
  std::string reason;                  ///< for a person: why it failed, waits, or was superseded
  std::int64_t priority = 0;
  int attempts = 0;                    ///< starts so far
  bool allow_rollback = false;         ///< `slipway retry --allow-rollback`
  bool rebuild = false;                ///< `slipway retry --rebuild`
  std::optional<BuildResults> results;
  std::optional<CommitSha> handoff_commit;  ///< in the infra repository
  Clock::time_point created;
  std::optional<Clock::time_point> started, finished, not_before;
  std::vector<StageRecord> stages;
};

// How a run ends. `Failed` is the work's own failure; an accident outside (server gone) is `Postponed`, which is no end.
struct HandedOff {
  HandedOff() = default;
  explicit HandedOff(CommitSha sha, std::string more = "") : commit(std::move(sha)), note(std::move(more)) {}
  CommitSha commit;
  std::string note;  ///< for a person: the pull request that asks for it, a mirror that does not have it
};
struct Unchanged {  ///< what is deployed is already this commit: nothing to write
  Unchanged() = default;
  explicit Unchanged(std::string text) : why(std::move(text)) {}
  std::string why;
};
/// What is built in place of a run whose commit a forced push took off the branch.
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
  bool off_branch = false;             ///< the branch no longer contains its commit
  std::optional<Successor> successor;  ///< where what it changed is to be built all the same
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
/// Back to the queue: it holds no slot, and goes on at `stage` not before `until` (or when a person releases it).
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

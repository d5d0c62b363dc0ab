#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "build/run_log.hpp"
#include "io/task.hpp"
#include "model/run.hpp"
#include "model/template.hpp"

namespace slipway::build {

/// One commit to check, build and push: a template with all references resolved, and the checked-out source.
struct BuildOrder {
  BuildOrder() = default;
  RunId run;
  TemplateName template_name;
  RepoName repository;
  std::string source_url;         ///< for the label org.opencontainers.image.source, without credentials
  CommitSha commit;
  Clock::time_point commit_time;  ///< the committer's; becomes SOURCE_DATE_EPOCH
  std::filesystem::path source;   ///< the checked-out tree, exclusive to this run
  BuildSpec build;                ///< references resolved
  std::optional<Check> check;     ///< none: the pipeline has no check, or an earlier start passed it
  Resources resources;
  std::string image;              ///< host/prefix/name, without a tag
  std::string tag;                ///< the commit's short tag
  bool rebuild = false;           ///< build although the tag exists, and write `<tag>-2`, `-3`, …
  std::string rebuild_tag;        ///< the one that an earlier try of this rebuild chose and may have pushed; empty: none
  /// Awaited with the tag that a rebuild chose, before it is built; false if the run is somebody else's by now. Empty: nobody keeps it.
  std::function<Task<bool>(const std::string& tag)> keep_tag;
  std::chrono::seconds timeout{std::chrono::minutes(30)};  ///< for all stages; the check also has its own
};

/// The image is in the registry. `reused`: it already was, built from the same commit and inputs.
struct Built {
  Built() = default;
  Built(BuildResults what, bool was_there) : results(std::move(what)), reused(was_there) {}
  BuildResults results;
  bool reused = false;
};
struct TimedOut {
  TimedOut() = default;
  TimedOut(Stage where, std::string why) : stage(where), reason(std::move(why)) {}
  Stage stage = Stage::build;
  std::string reason;
};
/// The builder died without a result of its own (killed from outside, or by the OOM killer of the machine): worth a retry.
struct Lost {
  Lost() = default;
  Lost(Stage where, std::string text) : stage(where), why(std::move(text)) {}
  Stage stage = Stage::build;
  std::string why;
};
using BuildOutcome = std::variant<Built, Failed, TimedOut, Cancelled, Lost>;

/// Where builds run. Abstract so that others can be added; `local/` is the only implementation so far. Used on the loop.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Checks, builds and pushes one commit; reports stages and output to `log`. The order and the log must outlive the call.
  /// If the awaiting task is cancelled, the whole process tree is ended first and the result is `Cancelled`; from then on the
  /// task's cancellation is disabled, so that it can record the end. A check that exceeds its own time limit is `Failed`.
  /// Throws Unavailable if the registry cannot be reached: nothing is left running, and layers built so far are kept for
  /// the next try. Throws NoRoom in the same way if the disk is full. A definite no from the registry is `Failed` with its words.
  virtual Task<BuildOutcome> check_and_build(const BuildOrder& order, RunLog& log) = 0;

  /// Removes a few stored layers that none of the latest builds used, so that the store does not grow with every build. Call it when
  /// nobody waits for the run any more: it takes half a second and cannot be interrupted. Never throws.
  virtual Task<> tidy_up(const TemplateName& name) = 0;

  /// Ends and removes what an earlier process left behind of these runs: processes, control groups, containers, folders.
  /// Call once, before the first build. Leaves alone anything not provably slipway's.
  virtual Task<> reclaim(std::span<const RunId> runs) = 0;
};

}  // namespace slipway::build

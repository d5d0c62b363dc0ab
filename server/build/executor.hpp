#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "build/run_log.hpp"
#include "io/task.hpp"
#include "model/run.hpp"
#include "model/template.hpp"

namespace slipway::build {

/// One commit to be checked, built and pushed: a template with every reference resolved, and the checked-out source.
struct BuildOrder {
  BuildOrder() = default;
  RunId run;
  TemplateName template_name;
  RepoName repository;
  std::string source_url;         ///< for the label org.opencontainers.image.source, without credentials
  CommitSha commit;
  Clock::time_point commit_time;  ///< the committer's; becomes SOURCE_DATE_EPOCH
  std::filesystem::path source;   ///< the checked-out tree; only this run uses it
  BuildSpec build;                ///< references resolved
  std::optional<Check> check;     ///< absent where the pipeline has none, or it has passed in an earlier start
  Resources resources;
  std::string image;              ///< host/prefix/name, without a tag
  std::string tag;                ///< the commit's short tag
  bool rebuild = false;           ///< build although the tag exists, and write `<tag>-2`, `-3`, …
  std::chrono::seconds timeout{std::chrono::minutes(30)};  ///< for all of it; the check has its own as well
};

/// The image is in the registry. `reused`: it was there before, made from the same commit and inputs.
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
/// The builder ended without an answer of its own (killed from outside, by the memory limit of the machine): worth another try.
struct Lost {
  Lost() = default;
  Lost(Stage where, std::string text) : stage(where), why(std::move(text)) {}
  Stage stage = Stage::build;
  std::string why;
};
using BuildOutcome = std::variant<Built, Failed, TimedOut, Cancelled, Lost>;

/// Where builds run. A seam: `local/` is the only one today. Used on the loop.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Checks, builds and pushes one commit; tells its stages and output to `log`. The order and the log outlive the call.
  /// When the awaiting task is cancelled, the whole process tree ends first and the answer is `Cancelled`; from then on the
  /// task's cancellation is disabled, so that it can write down the end. A check that runs out of its own time is `Failed`.
  /// Throws Unavailable when the registry can not be reached: nothing is left running, and layers built so far are kept for
  /// the next try. A registry that says no is `Failed` with its words.
  virtual Task<BuildOutcome> check_and_build(const BuildOrder& order, RunLog& log) = 0;

  /// Gives up a few stored layers that none of the latest builds has used, so that the store does not grow with every build. For when
  /// nobody waits for the run any more; it is not interrupted, takes half a second, and never throws.
  virtual Task<> tidy_up(const TemplateName& name) = 0;

  /// Ends and clears away what an earlier process left behind of these runs: processes, control groups, containers, folders.
  /// To be called once before the first build. What can not be proven to be of slipway is left alone.
  virtual Task<> reclaim(std::span<const RunId> runs) = 0;
};

}  // namespace slipway::build

#pragma once

#include "build/local/job.hpp"

namespace slipway::build {

/// Runs checks and builds as child processes on this machine. Paths in the state directory: `work/run-N` (private to one run,
/// removed with it), `build/slot-N` (image stores and caches, kept), `build/view-N` (what a slot's builders see, kept) and
/// `build/used-N` (file listing which of its images they used).
class LocalExecutor final : public Executor {
 public:
  explicit LocalExecutor(LocalParts parts);
  ~LocalExecutor() override;

  Task<BuildOutcome> check_and_build(const BuildOrder& order, RunLog& log) override;
  Task<> tidy_up(const TemplateName& name) override;
  Task<> reclaim(std::span<const RunId> runs) override;

  /// What the machine allows, for `doctor`. Examined only once. Throws Unavailable if there is no builder.
  Task<std::vector<std::string>> facts();

 private:
  Task<> look_at_host();
  /// The image store in a slot's folder, for cleaning up.
  Store store_in(const std::filesystem::path& slot) const;
  Task<> make_room(const Slot& slot);
  Task<> clear_slot(const std::filesystem::path& slot);
  /// Runs a cleanup command, ignoring its result.
  Task<> tidy(Argv argv, const std::filesystem::path& home);

  LocalParts parts_;
  Slots slots_;
  std::optional<Host> host_;
};

/// A name for a state directory's control groups: the same for all processes using it, different for other directories.
std::string state_key(const std::filesystem::path& state);

}  // namespace slipway::build

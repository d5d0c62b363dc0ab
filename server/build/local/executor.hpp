#pragma once

#include "build/local/job.hpp"

namespace slipway::build {

/// Runs checks and builds as child processes on this machine. Folders of the state directory: `work/run-N` (one run's own,
/// gone with it), `build/slot-N` (image stores and caches, kept), `build/view-N` (what a slot's builders see, kept) and `build/used-N`
/// (which of its images they used).
class LocalExecutor final : public Executor {
 public:
  explicit LocalExecutor(LocalParts parts);
  ~LocalExecutor() override;

  Task<BuildOutcome> check_and_build(const BuildOrder& order, RunLog& log) override;
  Task<> tidy_up(const TemplateName& name) override;
  Task<> reclaim(std::span<const RunId> runs) override;

  /// What the machine allows, for `doctor`. Looks once. Throws Unavailable where there is no builder.
  Task<std::vector<std::string>> facts();

 private:
  Task<> look_at_host();
  /// The image store of a slot's folder, for clearing up.
  Store store_in(const std::filesystem::path& slot) const;
  Task<> make_room(const Slot& slot);
  Task<> clear_slot(const std::filesystem::path& slot);
  /// Runs a command that clears up, whatever becomes of it.
  Task<> tidy(Argv argv, const std::filesystem::path& home);

  LocalParts parts_;
  Slots slots_;
  std::optional<Host> host_;
};

/// Names one state directory's control groups: the same for every process that uses it, different for any other.
std::string state_key(const std::filesystem::path& state);

}  // namespace slipway::build

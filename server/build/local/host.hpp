#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "build/local/builder.hpp"
#include "build/local/limits.hpp"
#include "io/process.hpp"
#include "io/task.hpp"

namespace slipway::build {

/// What this machine allows builders: found out once, used by every run, told by `doctor`.
struct Host {
  Host() = default;
  Limits limits;
  bool own_namespaces = false;  ///< builders get their own mount and PID namespace: ending one leaves nothing behind
  std::string driver;           ///< `overlay` or `vfs`
  std::string isolation;        ///< buildah's

  /// The command as it is started: under `unshare` where that is allowed, under rlimits where there is no better limit.
  Argv wrapped(Argv argv, const Resources& resources) const;
  /// One sentence a fact.
  std::vector<std::string> facts() const;
};

/// Looks at the machine: tries `unshare`, and buildah with an overlay store below `folder` (only where buildah is the
/// builder). `key` names this state directory's control groups.
Task<Host> examine_host(io::Processes& processes, const BuilderSettings& settings, const std::filesystem::path& folder,
                        const std::string& key);

}  // namespace slipway::build

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "build/local/builder.hpp"
#include "build/local/limits.hpp"
#include "build/local/view.hpp"
#include "io/process.hpp"
#include "io/task.hpp"

namespace slipway::build {

/// What this machine allows builders: found out once, used by every run, told by `doctor`.
struct Host {
  Host() = default;
  Limits limits;
  Argv namespaces;              ///< what gives a builder its own mount and PID namespace: ending it leaves nothing behind; empty
                                ///< where that is not allowed
  bool own_view = false;        ///< buildah also gets its own view of the machine's files
  bool has_buildah = false;
  std::string driver;           ///< `overlay` or `vfs`
  std::string isolation;        ///< buildah's
  std::string missing;          ///< why nothing can be built; empty where something can

  /// The command as it is started: in namespaces of its own where they are allowed.
  Argv wrapped(const Argv& argv) const;
  /// The same in a view, which `own_view` allows.
  Argv wrapped(const Argv& argv, const View& view, const std::filesystem::path& directory) const;
  /// One sentence a fact.
  std::vector<std::string> facts() const;
};

/// Looks at the machine: tries `unshare`, a view, and buildah with an overlay store, all below `folder`. `key` names this state
/// directory's control groups.
Task<Host> examine_host(io::Processes& processes, const BuilderSettings& settings, const std::filesystem::path& folder,
                        const std::string& key);

}  // namespace slipway::build

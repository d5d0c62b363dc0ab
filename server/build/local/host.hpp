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

/// What this machine allows builders to do. Examined once, used by every run, shown by `doctor`.
struct Host {
  Host() = default;
  Limits limits;
  Argv namespaces;              ///< prefix that gives a builder its own mount and PID namespace, so that killing it leaves nothing
                                ///< behind; empty if not allowed
  bool own_view = false;        ///< buildah can also get its own View of the machine's files
  bool has_buildah = false;
  std::string driver;           ///< `overlay` or `vfs`
  std::string isolation;        ///< buildah's
  std::string missing;          ///< why nothing can be built; empty: it can

  /// The command as it is started: in its own namespaces if they are allowed.
  Argv wrapped(const Argv& argv) const;
  /// The same inside a view; only if `own_view`.
  Argv wrapped(const Argv& argv, const View& view, const std::filesystem::path& directory) const;
  /// One phrase per fact, for `doctor`.
  std::vector<std::string> facts() const;
};

/// Examines the machine by trying `unshare`, a view, and buildah with an overlay store, all below `folder`. `key` names this state
/// directory's control groups (state_key()). Throws Unavailable if `folder` cannot be written.
Task<Host> examine_host(io::Processes& processes, const BuilderSettings& settings, const std::filesystem::path& folder,
                        const std::string& key);

}  // namespace slipway::build

#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "git/lfs.hpp"
#include "git/source_mirror.hpp"
#include "git/submodules.hpp"

namespace slipway::git {

/// The parts of a checked-out tree that have to be fetched separately.
struct Elsewhere {
  Elsewhere() = default;
  Elsewhere(std::vector<Submodule> repositories, std::vector<LfsPointer> large, std::string where)
      : submodules(std::move(repositories)), pointers(std::move(large)), context(std::move(where)) {}
  std::vector<Submodule> submodules;  ///< checked out as empty folders
  std::vector<LfsPointer> pointers;   ///< those in the context, if the options allow them
  std::string context = ".";          ///< the options' context with all links followed
};

/// Writes the tree of a commit of the mirror in `repository` into the empty `folder`, using one or two threads. Every file is
/// newly created below a folder opened without following links, so nothing in the tree can lead outside. An error for names that no
/// tree should contain, and for LFS pointers that the options do not allow. Blocking.
Result<Elsewhere> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                           const CheckoutOptions& options);

}  // namespace slipway::git

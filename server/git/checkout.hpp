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

/// What of a checked-out tree has to come from elsewhere.
struct Elsewhere {
  Elsewhere() = default;
  Elsewhere(std::vector<Submodule> repositories, std::vector<LfsPointer> large, std::string where)
      : submodules(std::move(repositories)), pointers(std::move(large)), context(std::move(where)) {}
  std::vector<Submodule> submodules;  ///< empty folders until somebody fills them
  std::vector<LfsPointer> pointers;   ///< in the context, where the options allow them
  std::string context = ".";          ///< the options' context with every link followed: where those are
};

/// Writes the tree of a commit of the mirror in `repository` into the empty `folder`, with as many threads as pay. Every file is
/// written anew below a folder opened without following links, so nothing in the tree can lead outside. An error for names that no
/// tree should hold, and for LFS pointers that the options do not allow. Blocking.
Result<Elsewhere> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                           const CheckoutOptions& options);

}  // namespace slipway::git

#pragma once

#include <filesystem>

#include "base/id.hpp"
#include "base/result.hpp"
#include "git/source_mirror.hpp"

namespace slipway::git {

/// Writes the tree of a commit of the mirror in `repository` into the empty `folder`, with as many threads as pay. Every file is
/// written anew below a folder opened without following links, so nothing in the tree can lead outside. An error for names
/// that no tree should hold, and for submodules and LFS pointers that the options do not allow. Blocking.
Result<void> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                      const CheckoutOptions& options);

}  // namespace slipway::git

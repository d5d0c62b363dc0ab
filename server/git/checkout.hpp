#pragma once

#include <filesystem>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "git/source_mirror.hpp"
#include "git/submodules.hpp"

namespace slipway::git {

/// Writes the tree of a commit of the mirror in `repository` into the empty `folder`, with as many threads as pay. Every file is
/// written anew below a folder opened without following links, so nothing in the tree can lead outside. Submodules become empty
/// folders and are returned. An error for names that no tree should hold, and for LFS pointers that the options do not allow.
/// Blocking.
Result<std::vector<Submodule>> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                                        const CheckoutOptions& options);

}  // namespace slipway::git

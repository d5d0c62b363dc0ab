#pragma once

#include <memory>

#include "base/log.hpp"
#include "git/infra_branch.hpp"
#include "git/remote.hpp"

namespace slipway::git {

/// The infra repository's branch by libgit2, without a work tree. Its work runs on a thread of its own, one operation at a time.
std::unique_ptr<GitRemote> open_infra(InfraOptions options, Log log);

}  // namespace slipway::git

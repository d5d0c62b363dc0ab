#pragma once

#include <memory>

#include "base/log.hpp"
#include "git/infra_branch.hpp"
#include "git/remote.hpp"

namespace slipway::git {

/// The infra repository's branch through libgit2, without a work tree. Operations run one at a time on a dedicated thread.
std::unique_ptr<GitRemote> open_infra(InfraOptions options, Log log);

}  // namespace slipway::git

#pragma once

#include "app/cli.hpp"
#include "base/id.hpp"
#include "config/load.hpp"

namespace slipway::app {

/// `explain --history`: treats each of the branch's last first-parent commits as a push, and prints which templates it would have
/// built, which triggers of the repository never matched and why, which could not be evaluated, and which files no trigger covers.
ExitCode explain_history(const Global& global, const config::Config& config, const RepoName& repository, std::size_t last);

}  // namespace slipway::app

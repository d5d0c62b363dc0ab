#pragma once

#include <optional>

#include "model/run.hpp"
#include "model/template.hpp"
#include "run/missed.hpp"

namespace slipway::run {

/// For a run whose commit a forced push took off its branch: what to build instead. The run's changes may be on the branch in another
/// commit, but in no later push; so the template is judged on everything between its last hand-off and the branch's head, as last
/// fetched. Nothing if the head needs no build. Throws as SourceMirror does.
Task<std::optional<Successor>> successor_of(MissedTools tools, const Run& run, const Template& resolved);

}  // namespace slipway::run

#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.hpp"

namespace slipway::trigger {

/// Reads every `*.yaml`, `*.yml` and `*.json` below the directories (EventListeners, TriggerBindings, TriggerTemplates,
/// Pipelines, Tasks, quotas; the rest is named and passed over) and returns a `slipway.yaml` whose every trigger
/// decides like the original, with a comment at everything that could not be carried over. An error where a file is no
/// YAML, a filter does not compile, or there is no EventListener.
Result<std::string> import_tekton(std::span<const std::filesystem::path> directories);

}  // namespace slipway::trigger

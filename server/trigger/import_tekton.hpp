#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.hpp"

namespace slipway::trigger {

/// Reads every `*.yaml`, `*.yml` and `*.json` below the directories (EventListeners, TriggerBindings, TriggerTemplates,
/// Pipelines, Tasks, quotas; other kinds are listed and skipped). Returns a `slipway.yaml` whose triggers decide like
/// the originals, with a comment at everything that could not be carried over. An error if a file is not YAML, a filter
/// does not compile, or there is no EventListener.
Result<std::string> import_tekton(std::span<const std::filesystem::path> directories);

}  // namespace slipway::trigger

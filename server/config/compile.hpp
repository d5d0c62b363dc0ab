#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/catalogue.hpp"
#include "config/drafts.hpp"
#include "config/pipelines.hpp"

namespace slipway::config {

// From the configuration as written to what it means; all errors are reported to the reader.

/// The result of compiling all templates.
struct CompiledTemplates {
  std::vector<Template> good;
  std::vector<std::string> broken;  ///< templates that failed: triggers that refer to them get no error of their own
};

CompiledTemplates compile_templates(const Draft& draft, PipelineSet& pipelines, Reader& in);

/// What would make every build fail: a path that leaves the repository, an impossible image name, an invalid edit path.
/// References must be resolved before. Nullopt if nothing is wrong.
std::optional<std::string> what_is_wrong(const Template& resolved);

std::vector<Trigger> compile_triggers(const Draft& draft, const CompiledTemplates& templates, Reader& in);

}  // namespace slipway::config

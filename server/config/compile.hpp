#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/catalogue.hpp"
#include "config/drafts.hpp"
#include "config/pipelines.hpp"

namespace slipway::config {

// From what is written to what is meant; everything wrong is reported to the reader.

/// What the written templates came to.
struct CompiledTemplates {
  std::vector<Template> good;
  std::vector<std::string> broken;  ///< names of those that came to nothing: triggers are not blamed for it
};

CompiledTemplates compile_templates(const Draft& draft, PipelineSet& pipelines, Reader& in);

/// What no build could do: a path that leaves the repository, an image without a possible name, a
/// path that no edit can follow. References are put in before.
std::optional<std::string> what_is_wrong(const Template& resolved);

std::vector<Trigger> compile_triggers(const Draft& draft, const CompiledTemplates& templates, Reader& in);

}  // namespace slipway::config

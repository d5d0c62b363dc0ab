#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/catalogue.hpp"
#include "config/drafts.hpp"
#include "config/pipelines.hpp"

namespace slipway::config {

// From what is written to what is meant; everything wrong is reported to the reader.

std::vector<Template> compile_templates(const Draft& draft, PipelineSet& pipelines, Reader& in);

std::vector<Trigger> compile_triggers(const Draft& draft, const std::vector<Template>& templates, Reader& in);

}  // namespace slipway::config

#pragma once

#include <rapidjson/document.h>

#include "base/result.hpp"
#include "config/catalogue.hpp"
#include "trigger/event.hpp"

namespace slipway::trigger {

/// The parameters of a run: each binding's text with its references resolved; of several with the same name the last
/// wins. If a reference cannot be resolved, the template's default replaces the whole parameter (as in Tekton); without
/// a default it is an error.
Result<Parameters> bind(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                        const rapidjson::Value& extensions);

}  // namespace slipway::trigger

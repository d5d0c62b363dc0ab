#pragma once

#include <rapidjson/document.h>

#include "base/result.hpp"
#include "config/catalogue.hpp"
#include "trigger/event.hpp"

namespace slipway::trigger {

/// The parameters of a run: each binding's text with its references put in, a later one of the same name winning. Where
/// a reference leads nowhere the template's default stands for the whole parameter (as in Tekton); without one it is an
/// error.
Result<Parameters> bind(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                        const rapidjson::Value& extensions);

}  // namespace slipway::trigger

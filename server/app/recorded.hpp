#pragma once

#include <rapidjson/document.h>

#include <string>

#include "config/load.hpp"
#include "model/delivery.hpp"

namespace slipway::app {

/// A delivery that the daemon recorded: as it came in, and the daemon's record of it as its API tells it.
struct Recorded {
  Recorded() = default;
  RawDelivery raw;
  rapidjson::Document record;
};

/// Throws UsageError where there is none of that id, and Unavailable where no daemon can be asked; both say that it is no file
/// either.
Recorded recorded_delivery(const config::Config& config, const std::string& id);

/// What the daemon decided of a recorded delivery: `{"received","pending","verdict"?,"completed_verdict"?,"runs":[…]}`, the
/// runs as the API lists them.
rapidjson::Document recorded_decision(const config::Config& config, const rapidjson::Document& record);
/// The same for a terminal.
std::string decision_text(const rapidjson::Document& decision);

}  // namespace slipway::app

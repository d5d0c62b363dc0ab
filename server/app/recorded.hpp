#pragma once

#include <rapidjson/document.h>

#include <string>

#include "config/load.hpp"
#include "model/delivery.hpp"

namespace slipway::app {

/// A delivery recorded by the daemon: as received, and as described by the API.
struct Recorded {
  Recorded() = default;
  RawDelivery raw;
  rapidjson::Document record;
};

/// Throws UsageError if there is none with that id, Unavailable if the daemon cannot be asked; both messages also say that it is not
/// a file.
Recorded recorded_delivery(const config::Config& config, const std::string& id);

/// The daemon's decision on a recorded delivery: `{"received","pending","verdict"?,"completed_verdict"?,"runs":[…]}`, with the
/// runs as listed by the API.
rapidjson::Document recorded_decision(const config::Config& config, const rapidjson::Document& record);
/// The same as text for a terminal.
std::string decision_text(const rapidjson::Document& decision);

}  // namespace slipway::app

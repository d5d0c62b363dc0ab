#pragma once

#include <string>

#include "model/delivery.hpp"

namespace slipway::queue {

/// A verdict as it is kept, and told to the sender:
/// `{"runs":[{"template","trigger"}],"skipped":[{"trigger","reason","error"?}]}`.
std::string verdict_json(const Verdict& verdict);

}  // namespace slipway::queue

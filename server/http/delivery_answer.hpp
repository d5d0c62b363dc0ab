#pragma once

#include "http/request.hpp"
#include "queue/queue.hpp"
#include "trigger/gitea.hpp"

namespace slipway::http {

// The receiver's answers as JSON (contract, HTTP).

/// 202 with the runs, or 200 for a duplicate with the first runs and their present states.
Answer answer_accepted(const queue::Accepted& accepted, const queue::Decision& decision);
/// 200: no trigger matched.
Answer answer_unmatched(const DeliveryId& delivery, const queue::Decision& decision);
/// 200: right as it is, and asks for nothing.
Answer answer_ignored(const trigger::Ignored& ignored);

}  // namespace slipway::http

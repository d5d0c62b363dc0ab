#pragma once

#include "http/request.hpp"
#include "queue/queue.hpp"
#include "trigger/gitea.hpp"

namespace slipway::http {

// The webhook's answers as JSON: `{"delivery","runs":[…],…,"skipped":[…]}`.

/// 202 with the runs, or if pending; 200 for a duplicate, with the original's runs and their present states.
Answer answer_accepted(const queue::Accepted& accepted, const queue::Decision& decision);
/// 200: no trigger matched.
Answer answer_unmatched(const DeliveryId& delivery, const queue::Decision& decision);
/// 200: valid, but nothing to do; with the reason.
Answer answer_ignored(const trigger::Ignored& ignored);

}  // namespace slipway::http

#pragma once

#include <span>
#include <string_view>

#include "http/call.hpp"
#include "http/operator_api.hpp"

namespace slipway::http {

/// One row of the operator listener's table.
struct Route {
  std::string_view method;  ///< `GET` serves HEAD, too
  std::string_view path;    ///< `{}` stands for one name
  Task<Answer> (*serve)(Operations& operations, Call& call);
  std::span<const std::string_view> query;  ///< the parameters it knows
};

/// Every route there is.
std::span<const Route> operator_routes();

// What serves them. Each takes a call that fits its route.

Task<Answer> health(Operations& operations, Call& call);
Task<Answer> readiness(Operations& operations, Call& call);
Task<Answer> metrics(Operations& operations, Call& call);
Task<Answer> description(Operations& operations, Call& call);
Task<Answer> list_runs(Operations& operations, Call& call);
Task<Answer> show_run(Operations& operations, Call& call);
Task<Answer> show_logs(Operations& operations, Call& call);
Task<Answer> cancel_run(Operations& operations, Call& call);
Task<Answer> retry_run(Operations& operations, Call& call);
Task<Answer> list_templates(Operations& operations, Call& call);
Task<Answer> show_template(Operations& operations, Call& call);
Task<Answer> release_template(Operations& operations, Call& call);
Task<Answer> list_deliveries(Operations& operations, Call& call);
Task<Answer> show_delivery(Operations& operations, Call& call);
Task<Answer> show_drift(Operations& operations, Call& call);
Task<Answer> watch_events(Operations& operations, Call& call);

}  // namespace slipway::http

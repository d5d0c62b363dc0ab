#pragma once

#include <span>
#include <string_view>

#include "http/call.hpp"
#include "http/operator_api.hpp"
#include "run/control.hpp"

namespace slipway::http {

/// One row of the operator listener's routing table.
struct Route {
  std::string_view method;  ///< `GET` also serves HEAD
  std::string_view path;    ///< `{}` matches one part
  Task<Answer> (*serve)(Operations& operations, Call& call);
  std::span<const std::string_view> query;  ///< known parameters
};

/// 404 or 409.
Answer problem(const run::Denial& denied);

/// All routes.
std::span<const Route> operator_routes();

// Their handlers. Each takes a call that matches its route.

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

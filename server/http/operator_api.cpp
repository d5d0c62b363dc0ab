#include "http/operator_api.hpp"

#include <fmt/format.h>

#include <array>

#include "base/hmac.hpp"
#include "base/text.hpp"
#include "http/operator_routes.hpp"

namespace slipway::http {

namespace {

constexpr std::array<std::string_view, 7> run_query{"template", "state", "repository", "commit", "delivery", "limit", "cursor"};
constexpr std::array<std::string_view, 1> log_query{"follow"};
constexpr std::array<std::string_view, 5> delivery_list_query{"repository", "commit", "pending", "limit", "cursor"};
constexpr std::array<std::string_view, 1> delivery_query{"body"};

constexpr Route routes[] = {
    {"GET", "/healthz", health, {}},
    {"GET", "/readyz", readiness, {}},
    {"GET", "/metrics", metrics, {}},
    {"GET", "/api/v1/openapi.yaml", description, {}},
    {"GET", "/api/v1/runs", list_runs, run_query},
    {"GET", "/api/v1/runs/{}", show_run, {}},
    {"GET", "/api/v1/runs/{}/logs", show_logs, log_query},
    {"POST", "/api/v1/runs/{}/cancel", cancel_run, {}},
    {"POST", "/api/v1/runs/{}/retry", retry_run, {}},
    {"GET", "/api/v1/templates", list_templates, {}},
    {"GET", "/api/v1/templates/{}", show_template, {}},
    {"POST", "/api/v1/templates/{}/release", release_template, {}},
    {"GET", "/api/v1/deliveries", list_deliveries, delivery_list_query},
    {"GET", "/api/v1/deliveries/{}", show_delivery, delivery_query},
    {"GET", "/api/v1/events", watch_events, {}},
    {"GET", "/api/v1/drift", show_drift, {}},
};

bool needs_token(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

bool serves(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

Answer no_token() {
  Answer answer = problem(401, "the token is missing or wrong (Authorization: Bearer, from the file `token` in the state directory)");
  answer.challenge = "Bearer";
  return answer;
}

Answer no_route(std::string_view path) {
  if (path == "/") return problem(404, "this version has no dashboard; what there is: /healthz, /readyz, /metrics, /api/v1/openapi.yaml");
  return problem(404, "there is nothing here; /api/v1/openapi.yaml describes what there is");
}

}  // namespace

std::span<const Route> operator_routes() { return routes; }

Answer problem(const run::Denial& denied) { return problem(denied.why == run::Denial::Why::not_found ? 404 : 409, denied.words); }

OperatorApi::OperatorApi(Operations operations, std::string token, Log log)
    : operations_(std::move(operations)), token_(std::move(token)), log_(std::move(log)), refusal_lines_(5) {}

bool OperatorApi::is_authorised(const Request& head) const {
  constexpr std::string_view scheme = "Bearer ";  // case-insensitive: RFC 9110, section 11.1
  const std::string_view given = head.header("Authorization");
  const bool is_bearer = equal_ignoring_case(given.substr(0, scheme.size()), scheme);
  return !token_.empty() && is_bearer && equal_in_constant_time(given.substr(scheme.size()), token_);
}

// Check the token first: without it a client must not even learn which routes exist.
std::optional<Answer> OperatorApi::refuse(const Request& head) {
  if (needs_token(head.path()) && !is_authorised(head)) return no_token();
  return std::nullopt;
}

Task<Answer> OperatorApi::answer(Request& request) {
  Call call(request);
  const Route* found = nullptr;
  std::string_view allowed;
  for (const Route& route : routes) {
    auto names = match_path(route.path, request.path());
    if (!names) continue;
    allowed = route.method;
    if (!serves(route, request.method)) continue;
    call.names = std::move(*names);
    found = &route;
    break;
  }
  if (found == nullptr && allowed.empty()) co_return no_route(request.path());
  if (found == nullptr) {
    Answer wrong = problem(405, fmt::format("this is a {}", allowed));
    wrong.allow = allowed;
    co_return wrong;
  }
  // Tolerate unknown query parameters outside /api: a probe of /healthz may add one, and must not fail for it.
  if (needs_token(request.path())) {
    auto query = parse_query(request.target, found->query);
    if (!query) co_return problem(400, query.error().what());
    call.query = std::move(*query);
  }
  co_return co_await found->serve(operations_, call);
}

void OperatorApi::refused(int status, std::string_view why, std::string_view peer) {
  if (!refusal_lines_.passes()) return;
  log_.warn("operator request refused",
            {{"status", status}, {"reason", why}, {"peer", peer}, {"unlogged", refusal_lines_.take_held_back()}});
}

Limits operator_limits() {
  Limits limits;
  limits.max_body = 64 * 1024;
  limits.max_connections = 128;
  return limits;
}

}  // namespace slipway::http

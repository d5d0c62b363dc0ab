#include <unistd.h>

#include <fstream>

#include "base/failure.hpp"
#include "http/json.hpp"
#include "http/openapi.hpp"
#include "http/operator_routes.hpp"

namespace slipway::http {

namespace {

Answer status(int code, std::string_view word, std::string_view why) {
  Json json;
  json.out.StartObject();
  json.text("status", word);
  json.text_if("reason", why);
  json.out.EndObject();
  Answer answer(code, json.take());
  answer.why = why;
  return answer;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void set_counts(Metrics& metrics, const queue::Counts& counts) {
  for (const RunState state : {RunState::queued, RunState::running, RunState::succeeded, RunState::failed, RunState::cancelled,
                               RunState::superseded}) {
    const auto found = counts.runs.find(state);
    metrics.gauge("slipway_runs", "Runs that are kept, by state", {{"state", std::string(name(state))}})
        .Set(found == counts.runs.end() ? 0.0 : static_cast<double>(found->second));
  }
  for (const WaitingFor reason : {WaitingFor::hold, WaitingFor::retry, WaitingFor::git, WaitingFor::registry, WaitingFor::memory,
                                  WaitingFor::disk}) {
    const auto found = counts.waiting.find(reason);
    metrics.gauge("slipway_runs_waiting", "Queued runs that wait for more than a slot", {{"for", std::string(name(reason))}})
        .Set(found == counts.waiting.end() ? 0.0 : static_cast<double>(found->second));
  }
  const auto set = [&](const char* what, const char* help, double value) { metrics.gauge(what, help).Set(value); };
  set("slipway_deliveries_stored", "Deliveries that are kept", static_cast<double>(counts.deliveries));
  set("slipway_deliveries_pending", "Deliveries that wait for their commits from Git", static_cast<double>(counts.pending));
  set("slipway_database_bytes", "Size of the queue's database", static_cast<double>(counts.database_bytes));
  set("slipway_bodies_bytes", "Size of the kept deliveries' bodies", static_cast<double>(counts.body_bytes));
  const std::chrono::duration<double> age = counts.oldest_queued ? Clock::now() - *counts.oldest_queued : Clock::duration::zero();
  set("slipway_oldest_queued_seconds", "Age of the oldest queued run", age.count());
}

void set_own(Operations& operations) {
  const auto set = [&](const char* what, const char* help, double value) { operations.metrics.gauge(what, help).Set(value); };
  const auto backlog = operations.queue.backlog();
  set("slipway_queue_waiting", "Changes on their way to the disk that somebody waits for", static_cast<double>(backlog.waiting));
  set("slipway_queue_records", "Deliveries on their way to the disk that nobody waits for", static_cast<double>(backlog.records));
  set("slipway_event_watchers", "Clients that watch the events", static_cast<double>(operations.events.watchers()));
  set("slipway_resident_bytes", "Resident memory of the daemon", resident_bytes());
  operations.metrics.gauge("slipway_info", "The version that runs", {{"version", SLIPWAY_VERSION}}).Set(1);
}

}  // namespace

/// GET /healthz: the event loop responds.
Task<Answer> health(Operations&, Call&) { co_return status(200, "ok", ""); }

/// GET /readyz
Task<Answer> readiness(Operations& operations, Call&) {
  const std::string why = operations.trouble();
  if (why.empty()) co_return status(200, "ready", "");
  co_return status(503, "not ready", why);
}

/// GET /metrics
Task<Answer> metrics(Operations& operations, Call&) {
  std::optional<queue::Counts> counts;
  try {
    counts = co_await operations.reader.counts();
  } catch (const Unavailable&) {
    // Still report the other metrics; slipway_database_up shows that the database cannot be read.
  }
  if (counts) set_counts(operations.metrics, *counts);
  operations.metrics.gauge("slipway_database_up", "1 where the queue's database could be read").Set(counts ? 1 : 0);
  set_own(operations);
  if (operations.refresh) operations.refresh(operations.metrics);
  Answer answer(200, operations.metrics.text());
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return answer;
}

/// GET /api/v1/openapi.yaml
Task<Answer> description(Operations&, Call&) {
  Answer answer(200, std::string(openapi_text()));
  answer.content_type = "application/yaml";
  co_return answer;
}

/// GET /api/v1/drift
Task<Answer> show_drift(Operations& operations, Call&) {
  const run::Drift drift = operations.drift ? operations.drift() : run::Drift();
  Json json;
  json.out.StartObject();
  json.text("state", name(drift.state));
  json.out.Key("findings");
  json.out.StartArray();
  for (const auto& finding : drift.findings) json.out.String(finding);
  json.out.EndArray();
  json.out.Key("mirrors");
  json.out.StartArray();
  for (const auto& mirror : drift.mirrors) {
    json.out.StartObject();
    json.text("url", mirror.url);
    json.text("state", git::name(mirror.state));
    json.text("origin", mirror.origin.value());
    if (mirror.head) json.text("head", mirror.head->value());
    json.text_if("trouble", mirror.trouble);
    json.out.EndObject();
  }
  json.out.EndArray();
  json.out.EndObject();
  co_return Answer(200, json.take());
}

/// GET /api/v1/events
Task<Answer> watch_events(Operations& operations, Call&) {
  if (operations.events.is_full()) co_return unavailable("too many clients watch the events", std::chrono::seconds(30));
  Answer answer;
  answer.content_type = "text/event-stream";
  answer.stream = [&events = operations.events](BodyWriter& writer) { return events.follow(writer); };
  co_return answer;
}

}  // namespace slipway::http

#include "http/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/hex.hpp"

namespace slipway::http {

namespace {

rapidjson::SizeType size_of(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }

void write_map(Json& json, const char* key, const Parameters& values) {
  json.out.Key(key);
  json.out.StartObject();
  for (const auto& [name, value] : values) json.text(name.c_str(), value);
  json.out.EndObject();
}

void write_results(Json& json, const Run& run) {
  if (!run.results) return;
  json.out.Key("results");
  json.out.StartObject();
  json.text("IMAGE", run.results->image);
  json.text("IMAGE_TAG", run.results->tag);
  json.text("IMAGE_DIGEST", run.results->digest.value());
  json.text("COMMIT_SHA", run.commit.value());
  json.out.EndObject();
}

void write_stages(Json& json, const Run& run) {
  if (run.stages.empty()) return;
  json.out.Key("stages");
  json.out.StartArray();
  for (const StageRecord& stage : run.stages) {
    json.out.StartObject();
    json.text("stage", name(stage.stage));
    json.time("started", stage.started);
    json.time("finished", stage.finished);
    json.text_if("outcome", stage.outcome);
    json.text_if("detail", stage.detail);
    json.out.EndObject();
  }
  json.out.EndArray();
}

bool is_credential(std::string_view header) { return header == "Authorization" || header == "Proxy-Authorization" || header == "Cookie"; }

void write_headers(Json& json, const Headers& headers) {
  if (headers.empty()) return;
  json.out.Key("headers");
  json.out.StartObject();
  for (const auto& [name, values] : headers.by_name()) {
    if (is_credential(name)) continue;
    json.out.Key(name.data(), size_of(name));
    json.out.StartArray();
    for (const std::string_view value : values) json.out.String(value.data(), size_of(value));
    json.out.EndArray();
  }
  json.out.EndObject();
}

// `text` is JSON already.
void write_raw(Json& json, const char* key, const std::string& text) {
  if (text.empty()) return;
  json.out.Key(key);
  json.out.RawValue(text.data(), text.size(), rapidjson::kObjectType);
}

}  // namespace

void Json::text(const char* key, std::string_view value) {
  out.Key(key);
  out.String(value.data(), size_of(value));
}

void Json::text_if(const char* key, std::string_view value) {
  if (!value.empty()) text(key, value);
}

void Json::number(const char* key, std::int64_t value) {
  out.Key(key);
  out.Int64(value);
}

void Json::flag(const char* key, bool value) {
  out.Key(key);
  out.Bool(value);
}

void Json::time(const char* key, const std::optional<Clock::time_point>& value) {
  if (!value) return;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*value);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(*value - seconds).count();
  text(key, fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(Clock::to_time_t(seconds)), milliseconds));
}

void write(Json& json, const Run& run) {
  json.out.StartObject();
  json.number("id", run.id.value());
  json.text("template", run.template_name.value());
  json.text("state", name(run.state));
  if (run.waiting_for != WaitingFor::none) json.text("waiting_for", name(run.waiting_for));
  json.text_if("reason", run.reason);
  json.text("repository", run.repository.value());
  json.text("ref", run.ref);
  json.text("commit", run.commit.value());
  json.text("delivery", run.delivery.value());
  json.text("source", run.source == Source::webhook ? "webhook" : "reconcile");
  json.flag("only_when_completed", run.only_when_completed);
  write_map(json, "parameters", run.parameters);
  json.number("priority", run.priority);
  json.number("attempts", run.attempts);
  if (!is_finished(run.state)) json.text("next_stage", name(run.next_stage));
  json.time("created", run.created);
  json.time("started", run.started);
  json.time("finished", run.finished);
  json.time("not_before", run.not_before);
  write_results(json, run);
  if (run.handoff_commit) json.text("handoff_commit", run.handoff_commit->value());
  write_stages(json, run);
  json.out.EndObject();
}

void write(Json& json, const queue::StoredDelivery& delivery, bool with_body) {
  json.out.StartObject();
  json.text("id", delivery.id.value());
  json.text("repository", delivery.repository.value());
  json.text("ref", delivery.ref);
  json.text("before", delivery.before.value());
  json.text("after", delivery.after.value());
  if (delivery.base != delivery.before) json.text_if("base", delivery.base.value());
  json.text("source", delivery.source == Source::webhook ? "webhook" : "reconcile");
  json.time("received", delivery.received);
  json.flag("pending", delivery.pending);
  json.flag("gap", delivery.gap);
  json.number("runs", static_cast<std::int64_t>(delivery.runs));
  json.text_if("target", delivery.target);
  json.text_if("fingerprint", delivery.fingerprint);
  write_headers(json, delivery.headers);
  write_raw(json, "verdict", delivery.verdict);
  write_raw(json, "completed_verdict", delivery.completed_verdict);
  if (with_body && !delivery.body.empty()) json.text("body", to_base64(delivery.body));
  json.out.EndObject();
}

void write(Json& json, const Template& what, const queue::Hold* hold) {
  json.out.StartObject();
  json.text("name", what.name.value());
  json.text("pipeline", what.pipeline.value());
  json.text("repository", what.repository.value());
  json.text("app", what.app);
  json.text("image", what.build.image);
  json.number("priority", what.priority);
  json.number("concurrency", what.concurrency);
  json.number("timeout_seconds", what.timeout.count());
  json.out.Key("values");
  json.out.StartArray();
  for (const ValuesEdit& edit : what.values) {
    json.out.StartObject();
    json.text("file", edit.file);
    json.text("path", edit.path);
    json.out.EndObject();
  }
  json.out.EndArray();
  if (hold != nullptr) {
    json.out.Key("hold");
    json.out.StartObject();
    json.text("why", hold->why);
    json.time("since", hold->since);
    json.out.EndObject();
  }
  json.out.EndObject();
}

}  // namespace slipway::http

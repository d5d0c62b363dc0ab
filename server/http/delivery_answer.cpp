#include "http/delivery_answer.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace slipway::http {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_text(Writer& out, const char* key, const std::string& value) {
  out.Key(key);
  out.String(value);
}

void write_run(Writer& out, const queue::MadeRun& run, bool with_state) {
  out.StartObject();
  out.Key("id");
  out.Int64(run.run.value());
  write_text(out, "template", run.template_name.value());
  if (with_state) {
    write_text(out, "state", run.state ? std::string(name(*run.state)) : "removed");
    if (!run.reason.empty()) write_text(out, "reason", run.reason);
    if (run.state == RunState::failed) write_text(out, "retry", fmt::format("slipway retry {}", run.run.value()));
  }
  out.EndObject();
}

void write_runs(Writer& out, const std::vector<queue::MadeRun>& runs, bool with_state) {
  out.Key("runs");
  out.StartArray();
  for (const auto& run : runs) write_run(out, run, with_state);
  out.EndArray();
}

/// Ends an object that was begun with what the decision says of the triggers that did not fire.
Answer finish(int status, const rapidjson::StringBuffer& begun, const queue::Decision& decision) {
  const std::string_view skipped = decision.skipped();
  std::string body;
  body.reserve(begun.GetSize() + skipped.size() + 2);
  body.append(begun.GetString(), begun.GetSize()).append(",").append(skipped).append("}");
  return Answer(status, std::move(body));
}

void write_true(Writer& out, const char* key, bool when) {
  if (!when) return;
  out.Key(key);
  out.Bool(true);
}

}  // namespace

Answer answer_accepted(const queue::Accepted& accepted, const queue::Decision& decision) {
  rapidjson::StringBuffer buffer;
  Writer out(buffer);
  out.StartObject();
  write_text(out, "delivery", accepted.delivery.value());
  write_runs(out, accepted.runs, accepted.duplicate);
  write_true(out, "duplicate", accepted.duplicate);
  write_true(out, "pending", accepted.pending);
  const bool promises = !accepted.duplicate && (!accepted.runs.empty() || accepted.pending);
  return finish(promises ? 202 : 200, buffer, decision);
}

Answer answer_unmatched(const DeliveryId& delivery, const queue::Decision& decision) {
  queue::Accepted nothing;
  nothing.delivery = delivery;
  return answer_accepted(nothing, decision);
}

Answer answer_ignored(const trigger::Ignored& ignored) {
  rapidjson::StringBuffer buffer;
  Writer out(buffer);
  out.StartObject();
  write_text(out, "delivery", ignored.id.value());
  write_runs(out, {}, false);
  write_text(out, "reason", ignored.reason);
  write_true(out, "test", ignored.test);
  Verdict verdict;
  verdict.skipped.emplace_back("*", ignored.reason);  // whatever the triggers are
  return finish(200, buffer, queue::Decision(std::move(verdict)));
}

}  // namespace slipway::http

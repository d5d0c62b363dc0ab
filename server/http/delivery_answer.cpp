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

Answer finish(int status, std::string_view begin, std::string_view end) {
  std::string body;
  body.reserve(begin.size() + end.size() + 1);
  body.append(begin).append(end).push_back('}');
  return Answer(status, std::move(body));
}

std::string_view text(const rapidjson::StringBuffer& buffer) { return std::string_view(buffer.GetString(), buffer.GetSize()); }

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
  buffer.Put(',');
  const bool promises = !accepted.duplicate && (!accepted.runs.empty() || accepted.pending);
  return finish(promises ? 202 : 200, text(buffer), decision.skipped());
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
  buffer.Put(',');
  Verdict verdict;
  verdict.skipped.emplace_back("*", ignored.reason);  // whatever the triggers are
  return finish(200, text(buffer), queue::Decision(std::move(verdict)).skipped());
}

}  // namespace slipway::http

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

void write_skipped(Writer& out, const std::vector<Skip>& skipped) {
  out.Key("skipped");
  out.StartArray();
  for (const Skip& skip : skipped) {
    out.StartObject();
    write_text(out, "trigger", skip.trigger);
    write_text(out, "reason", skip.reason);
    if (skip.error) {
      out.Key("error");
      out.Bool(true);
    }
    out.EndObject();
  }
  out.EndArray();
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

// So that twenty reasons do not make it grow ten times.
std::size_t room_for(const std::vector<Skip>& skipped) {
  std::size_t size = 512;
  for (const Skip& skip : skipped) size += skip.trigger.size() + skip.reason.size() + 32;
  return size;
}

Answer finish(int status, const rapidjson::StringBuffer& buffer) {
  return Answer(status, std::string(buffer.GetString(), buffer.GetSize()));
}

void write_true(Writer& out, const char* key, bool when) {
  if (!when) return;
  out.Key(key);
  out.Bool(true);
}

}  // namespace

Answer answer_accepted(const queue::Accepted& accepted, const std::vector<Skip>& skipped) {
  rapidjson::StringBuffer buffer(nullptr, room_for(skipped));
  Writer out(buffer);
  out.StartObject();
  write_text(out, "delivery", accepted.delivery.value());
  write_runs(out, accepted.runs, accepted.duplicate);
  write_skipped(out, skipped);
  write_true(out, "duplicate", accepted.duplicate);
  write_true(out, "pending", accepted.pending);
  out.EndObject();
  const bool promises = !accepted.duplicate && (!accepted.runs.empty() || accepted.pending);
  return finish(promises ? 202 : 200, buffer);
}

// Twenty reasons are put in JSON once: for the sender and for the record.
Answer answer_unmatched(const DeliveryId& delivery, std::string_view verdict) {
  rapidjson::StringBuffer id;
  Writer(id).String(delivery.value());
  std::string body;
  body.reserve(id.GetSize() + verdict.size() + 16);
  body.append(R"({"delivery":)").append(id.GetString(), id.GetSize()).append(",").append(verdict.substr(1));
  return Answer(200, std::move(body));
}

Answer answer_ignored(const trigger::Ignored& ignored) {
  rapidjson::StringBuffer buffer;
  Writer out(buffer);
  out.StartObject();
  write_text(out, "delivery", ignored.id.value());
  write_runs(out, {}, false);
  write_skipped(out, {Skip("*", ignored.reason)});  // whatever the triggers are
  write_text(out, "reason", ignored.reason);
  write_true(out, "test", ignored.test);
  out.EndObject();
  return finish(200, buffer);
}

}  // namespace slipway::http

#include "queue/decision.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace slipway::queue {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_text(Writer& out, const char* key, const std::string& value) {
  out.Key(key);
  out.String(value);
}

// So that twenty reasons do not make it grow ten times.
std::size_t room_for(const Verdict& verdict) {
  std::size_t size = 256;
  for (const RunRequest& run : verdict.runs) size += run.template_name.value().size() + run.trigger.size() + 32;
  for (const Skip& skip : verdict.skipped) size += skip.trigger.size() + skip.reason.size() + 32;
  return size;
}

void write_runs(Writer& out, const std::vector<RunRequest>& runs) {
  out.Key("runs");
  out.StartArray();
  for (const RunRequest& run : runs) {
    out.StartObject();
    write_text(out, "template", run.template_name.value());
    write_text(out, "trigger", run.trigger);
    out.EndObject();
  }
  out.EndArray();
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

}  // namespace

Decision::Decision(Verdict verdict) : pending_(verdict.pending) {
  rapidjson::StringBuffer buffer(nullptr, room_for(verdict));
  Writer out(buffer);
  out.StartObject();
  write_runs(out, verdict.runs);
  skipped_at_ = buffer.GetSize() + 1;  // behind a comma
  write_skipped(out, verdict.skipped);
  out.EndObject();
  json_.assign(buffer.GetString(), buffer.GetSize());
  runs_ = std::move(verdict.runs);
}

}  // namespace slipway::queue

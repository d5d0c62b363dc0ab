#include "queue/verdict_json.hpp"

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

}  // namespace

std::string verdict_json(const Verdict& verdict) {
  rapidjson::StringBuffer buffer(nullptr, room_for(verdict));
  Writer out(buffer);
  out.StartObject();
  out.Key("runs");
  out.StartArray();
  for (const RunRequest& run : verdict.runs) {
    out.StartObject();
    write_text(out, "template", run.template_name.value());
    write_text(out, "trigger", run.trigger);
    out.EndObject();
  }
  out.EndArray();
  out.Key("skipped");
  out.StartArray();
  for (const Skip& skip : verdict.skipped) {
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
  out.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace slipway::queue

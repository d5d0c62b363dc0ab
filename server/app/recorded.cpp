#include "app/recorded.hpp"

#include <fmt/format.h>

#include "app/api.hpp"
#include "app/run_text.hpp"
#include "base/failure.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::app {
namespace {

/// Asks the daemon for the delivery with this id, and returns its answer whatever the status.
ApiAnswer asked(const config::Config& config, const std::string& id) {
  try {
    return Api(config).get("/api/v1/deliveries/" + io::percent_encode(id) + "?body=1");
  } catch (const Unavailable& error) {
    throw Unavailable(fmt::format("{} is no file, and whether it is a recorded delivery's id cannot be asked: {}", printable(id), error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{} is no file, and whether it is a recorded delivery's id cannot be asked: {}", printable(id), error.what()));
  }
}

RawDelivery raw_from(const rapidjson::Document& record, const std::string& id) {
  RawDelivery raw;
  raw.received = Clock::now();
  raw.target = record.HasMember("target") ? record["target"].GetString() : "/hooks";
  if (record.HasMember("headers")) {
    for (const auto& header : record["headers"].GetObject()) {
      for (const auto& value : header.value.GetArray()) raw.headers.add(header.name.GetString(), value.GetString());
    }
  }
  if (!record.HasMember("body")) throw UsageError(fmt::format("the body of delivery {} is no longer kept", id));
  const auto body = from_base64(record["body"].GetString());
  if (!body) throw Unavailable("the daemon's answer holds no readable body");
  raw.body = *body;
  return raw;
}

/// `TEMPLATE by TRIGGER, …`, or `nothing matched`.
std::string matches_of(const rapidjson::Value& verdict) {
  std::string list;
  for (const auto& run : verdict["runs"].GetArray()) {
    list += fmt::format("{}{} by {}", list.empty() ? "" : ", ", text_of(run, "template"), text_of(run, "trigger"));
  }
  return list.empty() ? "nothing matched" : list;
}

void add_verdict(const rapidjson::Document& decision, const char* member, const char* on_what, std::string& text) {
  if (decision.HasMember(member)) text += fmt::format("  {}: {}\n", on_what, matches_of(decision[member]));
}

}  // namespace

Recorded recorded_delivery(const config::Config& config, const std::string& id) {
  if (id.find('/') != std::string::npos || id.ends_with(".body")) throw UsageError(fmt::format("{}: there is no such file", printable(id)));
  auto answer = asked(config, id);
  if (answer.status == 404) {
    throw UsageError(fmt::format("{} is neither a file nor the id of a delivery that the daemon recorded; what it ignores (other events than "
                                 "pushes, other branches than main, test deliveries) is answered and not recorded", printable(id)));
  }
  if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
  Recorded recorded;
  recorded.raw = raw_from(answer.json, id);
  recorded.record = std::move(answer.json);
  return recorded;
}

rapidjson::Document recorded_decision(const config::Config& config, const rapidjson::Document& record) {
  rapidjson::Document decision(rapidjson::kObjectType);
  auto& memory = decision.GetAllocator();
  for (const char* member : {"received", "pending", "verdict", "completed_verdict"}) {
    if (!record.HasMember(member)) continue;
    decision.AddMember(rapidjson::StringRef(member), rapidjson::Value(record[member], memory), memory);
  }
  const auto listed = Api(config).get("/api/v1/runs?limit=1000&delivery=" + io::percent_encode(text_of(record, "id")));
  if (listed.status != 200 || !listed.json.IsObject()) throw Unavailable(error_of(listed));
  decision.AddMember("runs", rapidjson::Value(listed.json["runs"], memory), memory);
  return decision;
}

std::string decision_text(const rapidjson::Document& decision) {
  std::string text = fmt::format("recorded by the daemon at {}, and judged by the configuration of then:\n", text_of(decision, "received"));
  add_verdict(decision, "verdict", "on the payload", text);
  if (decision["pending"].GetBool()) text += "  it waits for its commits from Git, and is judged again then\n";
  add_verdict(decision, "completed_verdict", "completed from Git", text);
  for (const auto& run : decision["runs"].GetArray()) {
    text += fmt::format("  run {} of {}: {}\n", run["id"].GetInt64(), text_of(run, "template"), run_sentence(run));
  }
  return text;
}

}  // namespace slipway::app

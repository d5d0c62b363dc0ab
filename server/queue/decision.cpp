#include "queue/decision.hpp"

#include "base/json_text.hpp"

namespace slipway::queue {

namespace {

// Estimated size of the JSON in bytes, so that appending does not reallocate.
std::size_t room_for(const Verdict& verdict) {
  std::size_t size = 256;
  for (const RunRequest& run : verdict.runs) size += run.template_name.value().size() + run.trigger.size() + 32;
  for (const Skip& skip : verdict.skipped) size += skip.trigger.size() + skip.reason.size() + 48;
  return size;
}

void append_run(std::string& json, const RunRequest& run) {
  json += R"({"template":)";
  append_json(json, run.template_name.value());
  json += R"(,"trigger":)";
  append_json(json, run.trigger);
  json += '}';
}

void append_skip(std::string& json, const Skip& skip) {
  json += R"({"trigger":)";
  append_json(json, skip.trigger);
  json += R"(,"reason":)";
  append_json(json, skip.reason);
  if (skip.error) json += R"(,"error":true)";
  json += '}';
}

}  // namespace

// Written directly, without a JSON library: a push has about a hundred strings, and almost none needs escaping.
Decision::Decision(Verdict verdict) : pending_(verdict.pending), watched_(verdict.watched) {
  auto made = std::make_shared<std::string>();
  std::string& json = *made;
  json.reserve(room_for(verdict));
  json += R"({"runs":)";
  append_json_list(json, verdict.runs, append_run);
  json += ',';
  skipped_at_ = json.size();
  json += R"("skipped":)";
  append_json_list(json, verdict.skipped, append_skip);
  json += '}';
  json_ = std::move(made);
  runs_ = std::move(verdict.runs);
}

}  // namespace slipway::queue

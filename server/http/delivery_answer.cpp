#include "http/delivery_answer.hpp"

#include "base/json_text.hpp"

namespace slipway::http {

namespace {

// `,"key":"text"`
void append_member(std::string& json, std::string_view key, std::string_view text) {
  json += ',';
  append_json(json, key);
  json += ':';
  append_json(json, text);
}

void append_run(std::string& json, const queue::MadeRun& run, bool with_state) {
  const std::string id = std::to_string(run.run.value());
  json.append(R"({"id":)").append(id);
  append_member(json, "template", run.template_name.value());
  if (with_state) {
    append_member(json, "state", run.state ? name(*run.state) : "removed");
    if (!run.reason.empty()) append_member(json, "reason", run.reason);
    if (run.state == RunState::failed) append_member(json, "retry", "slipway retry " + id);
  }
  json += '}';
}

/// The start of an answer: `{"delivery":…,"runs":[…]`.
std::string begin(const DeliveryId& delivery, const std::vector<queue::MadeRun>& runs, bool with_state) {
  std::string json;
  json.reserve(128 + 128 * runs.size());
  json += R"({"delivery":)";
  append_json(json, delivery.value());
  json += R"(,"runs":)";
  append_json_list(json, runs, [=](std::string& to, const queue::MadeRun& run) { append_run(to, run, with_state); });
  return json;
}

/// Completes an answer with the decision's list of triggers that did not fire.
Answer finish(int status, std::string begun, const queue::Decision& decision) {
  Answer answer(status, std::move(begun += ','));
  answer.tail = decision.skipped();
  return answer;
}

}  // namespace

Answer answer_accepted(const queue::Accepted& accepted, const queue::Decision& decision) {
  std::string json = begin(accepted.delivery, accepted.runs, accepted.duplicate);
  if (accepted.duplicate) json += R"(,"duplicate":true)";
  if (accepted.pending) json += R"(,"pending":true)";
  const bool promises = !accepted.duplicate && (!accepted.runs.empty() || accepted.pending);
  return finish(promises ? 202 : 200, std::move(json), decision);
}

Answer answer_unmatched(const DeliveryId& delivery, const queue::Decision& decision) {
  return finish(200, begin(delivery, {}, false), decision);
}

Answer answer_ignored(const trigger::Ignored& ignored) {
  std::string json = begin(ignored.id, {}, false);
  append_member(json, "reason", ignored.reason);
  if (ignored.test) json += R"(,"test":true)";
  Verdict verdict;
  verdict.skipped.emplace_back("*", ignored.reason);  // stands for all triggers
  return finish(200, std::move(json), queue::Decision(std::move(verdict)));
}

}  // namespace slipway::http

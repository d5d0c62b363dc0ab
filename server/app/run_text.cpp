#include "app/run_text.hpp"

#include <fmt/format.h>

namespace slipway::app {
namespace {

std::string number_of(const rapidjson::Value& object, const char* member) {
  const auto found = object.FindMember(member);
  return found != object.MemberEnd() && found->value.IsInt64() ? std::to_string(found->value.GetInt64()) : "";
}

std::string result_of(const rapidjson::Value& run, const char* name) {
  const auto results = run.FindMember("results");
  return results != run.MemberEnd() && results->value.IsObject() ? text_of(results->value, name) : "";
}

std::string state_of(const rapidjson::Value& run) {
  const std::string waiting = text_of(run, "waiting_for");
  return text_of(run, "state") + (waiting.empty() ? "" : " (" + waiting + ")");
}

void add_fact(std::string& page, std::string_view name, const std::string& value) {
  if (!value.empty()) page += fmt::format("{:<12} {}\n", name, value);
}

}  // namespace

std::string text_of(const rapidjson::Value& object, const char* member) {
  if (!object.IsObject()) return "";
  const auto found = object.FindMember(member);
  return found != object.MemberEnd() && found->value.IsString() ? std::string(found->value.GetString(), found->value.GetStringLength()) : "";
}

std::string run_header() { return fmt::format("{:>6}  {:<18} {:<34} {:<28} {:<8} {}", "ID", "STATE", "TEMPLATE", "REPOSITORY", "COMMIT", "CREATED"); }

std::string run_line(const rapidjson::Value& run) {
  return fmt::format("{:>6}  {:<18} {:<34} {:<28} {:<8} {}", number_of(run, "id"), state_of(run), text_of(run, "template"),
                     text_of(run, "repository"), text_of(run, "commit").substr(0, 8), text_of(run, "created"));
}

std::string run_sentence(const rapidjson::Value& run) {
  const std::string reason = text_of(run, "reason");
  return state_of(run) + (reason.empty() ? "" : ": " + reason);
}

std::string run_page(const rapidjson::Value& run) {
  std::string page;
  add_fact(page, "run", number_of(run, "id"));
  add_fact(page, "state", run_sentence(run));
  add_fact(page, "template", text_of(run, "template"));
  add_fact(page, "repository", text_of(run, "repository"));
  add_fact(page, "commit", text_of(run, "commit"));
  add_fact(page, "delivery", text_of(run, "delivery"));
  add_fact(page, "source", text_of(run, "source"));
  if (run.HasMember("only_when_completed") && run["only_when_completed"].IsTrue()) add_fact(page, "note", "the payload alone would have missed this");
  add_fact(page, "created", text_of(run, "created"));
  add_fact(page, "started", text_of(run, "started"));
  add_fact(page, "finished", text_of(run, "finished"));
  add_fact(page, "IMAGE_TAG", result_of(run, "IMAGE_TAG"));
  add_fact(page, "IMAGE_DIGEST", result_of(run, "IMAGE_DIGEST"));
  add_fact(page, "image", result_of(run, "IMAGE"));
  add_fact(page, "hand-off", text_of(run, "handoff_commit"));
  const auto stages = run.FindMember("stages");
  if (stages != run.MemberEnd() && stages->value.IsArray()) {
    for (const auto& stage : stages->value.GetArray()) {
      const std::string outcome = text_of(stage, "outcome");
      page += fmt::format("  {:<10} {:<10} {}\n", text_of(stage, "stage"), outcome.empty() ? "running" : outcome, text_of(stage, "detail"));
    }
  }
  return page;
}

}  // namespace slipway::app

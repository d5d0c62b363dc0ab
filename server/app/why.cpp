#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <set>

#include "app/api.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/run_text.hpp"
#include "base/failure.hpp"
#include "io/url.hpp"

namespace slipway::app {
namespace {

/// What became of a commit: a sentence, the evidence for it, and whether it is (or will be) deployed.
struct Story {
  Story() = default;
  std::string sentence;
  std::vector<std::string> evidence;
  bool good = false;
};

std::string id_of(const rapidjson::Value& run) { return std::to_string(run["id"].GetInt64()); }

std::string sentence_about(const rapidjson::Value& run) {
  const std::string state = text_of(run, "state");
  const std::string commit = text_of(run, "commit").substr(0, 8);
  const std::string what = fmt::format("{} of {}", commit, text_of(run, "template"));
  const std::string reason = text_of(run, "reason");
  const std::string because = reason.empty() ? "" : ": " + reason;
  if (state == "succeeded") {
    const std::string handoff = text_of(run, "handoff_commit");
    if (handoff.empty()) return fmt::format("{} is built; nothing had to be handed off{}", what, because);
    return fmt::format("{} is built and was handed off as {}", what, handoff.substr(0, 8));
  }
  if (state == "failed") return fmt::format("{} failed{}; `slipway retry {}` tries again", what, because, id_of(run));
  if (state == "superseded") return fmt::format("{} was superseded{}", what, because);
  if (state == "cancelled") return fmt::format("{} was cancelled{}", what, because);
  if (state == "running") return fmt::format("{} is running", what);
  const std::string waiting = text_of(run, "waiting_for");
  return fmt::format("{} is queued{}{}", what, waiting.empty() ? "" : ", waiting for " + waiting, because);
}

/// The newest run of each template tells its story; older ones are evidence.
Story story_of_runs(const rapidjson::Value& runs) {
  Story story;
  std::set<std::string> told;
  story.good = true;
  for (const auto& run : runs.GetArray()) {
    story.evidence.push_back(fmt::format("run {}: {} (delivery {}; `slipway logs {}`)", id_of(run), run_sentence(run), text_of(run, "delivery"), id_of(run)));
    if (!told.insert(text_of(run, "template")).second) continue;
    story.sentence += (story.sentence.empty() ? "" : "; ") + sentence_about(run);
    const std::string state = text_of(run, "state");
    if (state == "failed" || state == "cancelled" || state == "superseded") story.good = false;
  }
  return story;
}

void add_skips(const rapidjson::Value& delivery, const char* verdict, const std::string& template_name, Story& story) {
  if (!delivery.HasMember(verdict) || !delivery[verdict].IsObject() || !delivery[verdict].HasMember("skipped")) return;
  for (const auto& skip : delivery[verdict]["skipped"].GetArray()) {
    const std::string line = fmt::format("{}: {}", text_of(skip, "trigger"), text_of(skip, "reason"));
    if (template_name.empty() || line.find(template_name) != std::string::npos) story.evidence.push_back(line);
  }
}

Story story_of_delivery(Api& api, const Why& why, const rapidjson::Value& listed) {
  Story story;
  const std::string id = text_of(listed, "id");
  const auto answer = api.get("/api/v1/deliveries/" + io::percent_encode(id));
  const bool pending = listed.HasMember("pending") && listed["pending"].IsTrue();
  story.sentence = pending ? fmt::format("delivery {} waits for its commits from Git, and is judged then", id)
                           : fmt::format("delivery {} brought it, and no trigger matched", id);
  if (answer.json.IsObject()) {
    add_skips(answer.json, answer.json.HasMember("completed_verdict") ? "completed_verdict" : "verdict", why.template_name, story);
  }
  return story;
}

Story story_of(Api& api, const Why& why) {
  std::string query = "/api/v1/runs?limit=100&commit=" + io::percent_encode(why.sha);
  if (!why.template_name.empty()) query += "&template=" + io::percent_encode(why.template_name);
  const auto runs = api.get(query);
  if (runs.status != 200 || !runs.json.IsObject()) throw UsageError(error_of(runs));
  if (!runs.json["runs"].Empty()) return story_of_runs(runs.json["runs"]);
  const auto deliveries = api.get("/api/v1/deliveries?limit=1&commit=" + io::percent_encode(why.sha));
  if (deliveries.status == 200 && deliveries.json.IsObject() && !deliveries.json["deliveries"].Empty()) {
    return story_of_delivery(api, why, deliveries.json["deliveries"][0]);
  }
  Story story;
  story.sentence = fmt::format("no delivery that is kept had {} as its newest commit", why.sha);
  story.evidence = {"Gitea's page of the webhook shows what it sent, and what was answered",
                    "a commit that was not the last of its push is found under the push's last commit",
                    "what the webhook missed, the next comparison of the branches' heads finds (queue.reconcile_every)"};
  return story;
}

}  // namespace

/// slipway why SHA [TEMPLATE]: what became of a commit. Exit 0 where it is built or on its way.
ExitCode run(const Global& global, const Why& why) {
  if (why.sha.size() < 7) throw UsageError("why: give the commit's SHA, or at least its first 7 digits");
  Api api(load_config(global, false));
  const Story story = story_of(api, why);
  if (global.json) {
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> json(out);
    json.StartObject();
    json.Key("sentence"), json.String(story.sentence);
    json.Key("evidence"), json.StartArray();
    for (const auto& line : story.evidence) json.String(line);
    json.EndArray();
    json.EndObject();
    fmt::print("{}\n", out.GetString());
  } else {
    fmt::print("{}\n", story.sentence);
    for (const auto& line : story.evidence) fmt::print("  {}\n", line);
  }
  return story.good ? ExitCode::done : ExitCode::no;
}

}  // namespace slipway::app

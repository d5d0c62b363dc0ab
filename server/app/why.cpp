#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/api.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/run_text.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::app {
namespace {

/// What happened to a commit: a sentence, the evidence for it, and whether it is or will be deployed.
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

/// The question: a commit, given by its full id or a prefix, and optionally one template.
struct Question {
  Question() = default;
  std::string commit, template_name;
  std::set<std::string> triggers;  ///< of the template
};

std::string commit_from(const std::string& text) {
  const auto prefix = CommitPrefix::from(text);
  if (!prefix) {
    throw UsageError(fmt::format("why: '{}' is no commit: give its SHA or the beginning of it, 4 to 40 hex digits", printable(text, 60)));
  }
  return prefix->digits();
}

Question question_from(const config::Catalogue& catalogue, std::string commit, const std::string& template_name) {
  Question question;
  question.commit = std::move(commit);
  question.template_name = template_name;
  for (const auto& trigger : catalogue.triggers()) {
    if (trigger.template_name.value() == template_name) question.triggers.insert(trigger.name);
  }
  return question;
}

rapidjson::Document runs_of(Api& api, const std::string& commit, const std::string& template_name) {
  std::string query = "/api/v1/runs?limit=100&commit=" + commit;
  if (!template_name.empty()) query += "&template=" + io::percent_encode(template_name);
  auto answer = api.get(query);
  if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
  return std::move(answer.json);
}

/// The newest delivery whose pushed commit starts with `commit`, as returned by the API; null if there is none.
rapidjson::Document delivery_of(Api& api, const std::string& commit) {
  const auto answer = api.get("/api/v1/deliveries?limit=1&commit=" + commit);
  if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
  for (const auto& one : answer.json["deliveries"].GetArray()) {
    auto found = api.get("/api/v1/deliveries/" + io::percent_encode(text_of(one, "id")));
    if (found.status == 200) return std::move(found.json);
  }
  return rapidjson::Document();
}

/// Adds the skipped triggers that the question is about as evidence; returns how many of them could not be evaluated.
std::size_t add_skips(const rapidjson::Value& verdict, const Question& question, Story& story) {
  std::size_t errors = 0;
  for (const auto& skip : verdict["skipped"].GetArray()) {
    const std::string trigger = text_of(skip, "trigger");
    if (!question.template_name.empty() && !question.triggers.contains(trigger)) continue;
    const bool error = skip.HasMember("error") && skip["error"].IsTrue();
    errors += error ? 1 : 0;
    story.evidence.push_back(fmt::format("{}: {}{}", trigger, error ? "error: " : "", text_of(skip, "reason")));
  }
  return errors;
}

/// The templates that a verdict asked to run; only the template `only`, unless that is empty.
std::set<std::string> templates_of(const rapidjson::Value& verdict, const std::string& only) {
  std::set<std::string> names;
  for (const auto& run : verdict["runs"].GetArray()) {
    const std::string name = text_of(run, "template");
    if (only.empty() || name == only) names.insert(name);
  }
  return names;
}

std::string refusal(const Question& question, std::size_t errors, const std::set<std::string>& others) {
  std::string text = "no trigger " + (question.template_name.empty() ? "" : "of " + question.template_name + " ") + "matched";
  if (errors > 0) text += fmt::format(": {} could not be evaluated", errors == 1 ? "one" : std::to_string(errors));
  return text + (others.empty() ? "" : fmt::format("; others did: {}", fmt::join(others, ", ")));
}

Story story_of_delivery(const Question& question, const rapidjson::Document& delivery) {
  Story story;
  const std::string id = text_of(delivery, "id");
  const std::string brought = fmt::format("delivery {} brought {}", id, text_of(delivery, "after").substr(0, 8));
  const char* last = delivery.HasMember("completed_verdict") ? "completed_verdict" : "verdict";
  if (delivery["pending"].IsTrue()) {
    story.sentence = fmt::format("delivery {} waits for its commits from Git, and is judged then", id);
  } else if (!delivery.HasMember(last)) {
    story.sentence = brought + "; what was decided of it is no longer kept";
  } else if (const auto ran = templates_of(delivery[last], question.template_name); !ran.empty()) {
    story.sentence = fmt::format("{}; it matched for {}, and no run of that is kept", brought, fmt::join(ran, ", "));
  }
  const std::size_t errors = delivery.HasMember(last) ? add_skips(delivery[last], question, story) : 0;
  if (story.sentence.empty()) story.sentence = brought + ", and " + refusal(question, errors, templates_of(delivery[last], ""));
  if (story.evidence.empty() && delivery.HasMember(last) && question.triggers.empty()) {
    story.evidence.push_back(fmt::format("no trigger of this configuration is for {}", question.template_name));
  }
  return story;
}

Story story_of_nothing(const Question& question) {
  Story story;
  story.sentence = fmt::format("no delivery that is kept had {} as its newest commit", question.commit);
  story.evidence = {"Gitea's page of the webhook shows what it sent, and what was answered",
                    "a commit that was not the last of its push is found under the push's last commit",
                    "what the webhook missed, the next comparison of the branches' heads finds (queue.reconcile_every)"};
  return story;
}

Story story_without_run(Api& api, const Question& question) {
  const auto delivery = delivery_of(api, question.commit);
  return delivery.IsObject() ? story_of_delivery(question, delivery) : story_of_nothing(question);
}

ExitCode tell(const Global& global, const Story& story) {
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

}  // namespace

/// slipway why SHA [TEMPLATE]: what happened to a commit. Exit 0 if it is built or on its way.
ExitCode run(const Global& global, const Why& why) {
  std::string commit = commit_from(why.sha);  // first: an invalid commit is wrong regardless of the configuration
  const auto config = load_config(global, false);
  const Question question = question_from(*config.catalogue, std::move(commit), why.template_name);
  Api api(config);
  const auto runs = runs_of(api, question.commit, question.template_name);
  if (!runs["runs"].Empty()) return tell(global, story_of_runs(runs["runs"]));
  if (!why.template_name.empty()) {
    const auto known = api.get("/api/v1/templates/" + io::percent_encode(why.template_name));
    if (known.status != 200) return refused(known);
  }
  return tell(global, story_without_run(api, question));
}

}  // namespace slipway::app

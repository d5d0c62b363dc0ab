#include "trigger/explain.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/catalogue.hpp"
#include "trigger/evaluate.hpp"
#include "trigger/match.hpp"
#include "trigger/own_commits.hpp"

namespace slipway::trigger {
namespace {

using config::Catalogue;
using config::Trigger;

void add_run(const Catalogue& catalogue, const Trigger& trigger, const Push& push, Outcome outcome,
             Explanation& explanation) {
  RunRequest request;
  request.template_name = trigger.template_name;
  request.parameters = outcome.parameters;
  explanation.parameters = std::move(outcome.parameters);
  const auto made = catalogue.resolve(request, push);
  if (!made) {
    explanation.error = true;
    explanation.reason = "it matches, but no run can be made: " + made.error().what();
    return;
  }
  explanation.image = made->build.image + ":" + short_tag(push.after);
  for (const auto& edit : made->values) explanation.values.push_back(fmt::format("{}: {}", edit.file, edit.path));
}

/// Same decision as the matcher's: slipway's own commits are not evaluated.
Outcome judged(const Catalogue& catalogue, const OwnCommits& own, const Trigger& trigger, const Event& event) {
  if (const auto reason = own.reason(event)) return Outcome(Outcome::Kind::not_matched, *reason);
  return evaluate(catalogue, trigger, event);
}

/// Describes what is_incomplete() found.
std::string gap_of(const Push& push) {
  const auto listed = static_cast<std::int64_t>(push.commits.size());
  if (push.total_commits > listed) {
    return fmt::format("{} of {} commits are not listed in the payload", push.total_commits - listed,
                       push.total_commits);
  }
  if (is_zero_sha(push.before)) return "the branch is new, and the payload does not say all that came with it";
  if (push.commits.empty()) return "the payload lists no commit";
  if (push.commits.front().id != push.after) return "the payload's list does not begin with the pushed commit";
  return "a commit in the payload lists no file";
}

Explanation explain_one(const Catalogue& catalogue, const OwnCommits& own, const Trigger& trigger, const Event& as_sent,
                        const Event* completed) {
  Explanation explanation;
  explanation.trigger = trigger.name;
  explanation.template_name = trigger.template_name;
  const auto foreign = repository_reason(trigger, as_sent.push().repository);
  Outcome outcome = judged(catalogue, own, trigger, as_sent);
  if (!outcome.matched() && completed != nullptr && !foreign) {
    outcome = judged(catalogue, own, trigger, *completed);
    explanation.only_when_completed = outcome.matched();
  }
  explanation.matched = outcome.matched() && !foreign;
  explanation.error = outcome.kind == Outcome::Kind::error && !foreign;
  explanation.reason = outcome.reason;
  const bool is_open = completed == nullptr && !foreign && !outcome.matched() && catalogue.complete_commits();
  if (is_open && is_incomplete(as_sent.push())) explanation.undecided = gap_of(as_sent.push());
  if (foreign) explanation.reason = outcome.matched() ? *foreign : *foreign + "; and " + outcome.reason;
  if (explanation.matched) add_run(catalogue, trigger, as_sent.push(), std::move(outcome), explanation);
  return explanation;
}

bool is_undecided(const Explanation& one) {
  return !one.undecided.empty();
}

std::string refusal_paragraph(const Explanation& one) {
  const bool pending = is_undecided(one);
  std::string text = fmt::format("{:<8} {}\n", one.error ? "ERROR" : pending ? "pending" : "no", one.trigger);
  if (pending) {
    text += fmt::format("         undecided, since {}: the daemon completes the list from Git and judges both\n",
                        one.undecided);
  }
  return text + fmt::format("         {}{}\n", pending ? "by the payload alone, " : "", one.reason);
}

std::string paragraph(const Explanation& one) {
  if (!one.matched) return refusal_paragraph(one);
  std::string text =
      fmt::format("{:<8} {} -> {}\n", one.error ? "ERROR" : "MATCHED", one.trigger, one.template_name.value());
  if (one.only_when_completed)
    text += "         the payload alone would have missed this: it matches on the commits completed from Git\n";
  if (!one.reason.empty()) text += fmt::format("         {}\n", one.reason);
  if (!one.image.empty()) text += fmt::format("         image    {}\n", one.image);
  for (const auto& value : one.values) text += fmt::format("         hand-off {}\n", value);
  for (const auto& [name, value] : one.parameters)
    text += fmt::format("         {} = {}\n", name, printable(value, 200));
  return text;
}

using Json = rapidjson::Writer<rapidjson::StringBuffer>;

void write(Json& json, const char* key, const std::string& value) {
  json.Key(key);
  json.String(value);
}

void write(Json& json, const Explanation& one) {
  json.StartObject();
  write(json, "trigger", one.trigger);
  write(json, "template", one.template_name.value());
  json.Key("matched"), json.Bool(one.matched);
  json.Key("error"), json.Bool(one.error);
  json.Key("pending"), json.Bool(is_undecided(one));
  if (is_undecided(one)) write(json, "undecided", one.undecided);
  if (!one.reason.empty()) write(json, "reason", one.reason);
  if (one.matched) {
    json.Key("only_when_completed"), json.Bool(one.only_when_completed);
    json.Key("run"), json.StartObject();
    write(json, "image", one.image);
    json.Key("values"), json.StartArray();
    for (const auto& value : one.values) json.String(value);
    json.EndArray();
    json.Key("parameters"), json.StartObject();
    for (const auto& [name, value] : one.parameters) write(json, name.c_str(), value);
    json.EndObject();
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

std::vector<Explanation> explain(const Catalogue& catalogue, const Delivery& delivery,
                                 const std::optional<Push>& completed) {
  const OwnCommits own(catalogue);
  const Event as_sent(delivery, delivery.push);
  std::optional<Event> whole;
  if (completed) whole.emplace(delivery, *completed);
  std::vector<Explanation> explanations;
  for (const auto& trigger : catalogue.triggers())
    explanations.push_back(explain_one(catalogue, own, trigger, as_sent, whole ? &*whole : nullptr));
  return explanations;
}

std::string explain_text(const Delivery& delivery, const std::vector<Explanation>& explanations) {
  const Push& push = delivery.push;
  std::string text = fmt::format("{} {} {}..{}, {} commit{} in the payload of {}\n\n", push.repository.value(),
                                 push.ref, short_tag(push.before), short_tag(push.after), push.commits.size(),
                                 push.commits.size() == 1 ? "" : "s", push.total_commits);
  for (const bool matched : {true, false}) {
    for (const auto& one : explanations) {
      if (one.matched == matched) text += paragraph(one);
    }
  }
  return text;
}

std::string explain_json(const Delivery& delivery, const std::vector<Explanation>& explanations) {
  rapidjson::StringBuffer out;
  Json json(out);
  json.StartObject();
  write(json, "delivery", delivery.id.value());
  write(json, "repository", delivery.push.repository.value());
  write(json, "ref", delivery.push.ref);
  write(json, "before", delivery.push.before.value());
  write(json, "after", delivery.push.after.value());
  json.Key("commits"), json.Uint64(delivery.push.commits.size());
  json.Key("total_commits"), json.Int64(delivery.push.total_commits);
  json.Key("pending"), json.Bool(std::any_of(explanations.begin(), explanations.end(), is_undecided));
  json.Key("triggers"), json.StartArray();
  for (const auto& one : explanations) write(json, one);
  json.EndArray();
  json.EndObject();
  return std::string(out.GetString(), out.GetSize());
}

}  // namespace slipway::trigger

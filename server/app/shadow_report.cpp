#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "app/api.hpp"
#include "app/blocking.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/parts.hpp"
#include "app/run_text.hpp"
#include "app/scratch.hpp"
#include "base/failure.hpp"

namespace slipway::app {
namespace {

/// One image tag of one application, on which both systems decide. The tag identifies the push.
struct Decision {
  Decision(std::string name, std::string written) : app(std::move(name)), tag(std::move(written)) {}
  std::string app, tag;
  auto operator<=>(const Decision&) const = default;
};

/// What each of the two systems built for one push.
struct Compared {
  Compared() = default;
  std::string tag;
  std::string first;  ///< time of the first decision on it, RFC 3339
  std::vector<std::string> agreed, only_old, only_here;
};

/// `CHORE(app): update <app> image to <tag>`, the first line of a hand-off commit; nothing for other commits.
std::optional<Decision> handed_off(const std::string& message) {
  constexpr std::string_view before = "update ", between = " image to ";
  const std::string line = message.substr(0, message.find('\n'));
  const auto from = line.find(before);
  const auto to = line.find(between);
  if (from == std::string::npos || to == std::string::npos || to < from + before.size()) return std::nullopt;
  return Decision(line.substr(from + before.size(), to - from - before.size()), line.substr(to + between.size()));
}

/// Cuts the tag to 8 characters, since tags of different lengths may name the same commit: `b5b212e0d009` and `b5b212e0`.
Decision shortened(Decision decision) {
  decision.tag.resize(std::min<std::size_t>(decision.tag.size(), 8));
  return decision;
}

struct Recorded {
  Recorded() = default;
  std::map<Decision, std::string> decisions;  ///< time of each decision, RFC 3339
  std::string since;                          ///< time of the oldest
};

/// The application that a run, as returned by the API, would have handed off.
std::string app_of(const config::Catalogue& catalogue, const rapidjson::Value& told) {
  Run run;
  run.template_name = TemplateName(text_of(told, "template"));
  run.repository = RepoName(text_of(told, "repository"));
  run.ref = text_of(told, "ref");
  run.commit = CommitSha(text_of(told, "commit"));
  for (const auto& parameter : told["parameters"].GetObject()) run.parameters[parameter.name.GetString()] = parameter.value.GetString();
  const auto made = catalogue.resolve(run);
  return made ? made->app : run.template_name.value();
}

Recorded recorded_runs(const config::Config& config) {
  Api api(config);
  Recorded recorded;
  std::string cursor;
  do {
    const auto answer = api.get("/api/v1/runs?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
    for (const auto& run : answer.json["runs"].GetArray()) {
      recorded.since = text_of(run, "created");
      recorded.decisions[Decision(app_of(*config.catalogue, run), text_of(run, "commit").substr(0, 8))] = recorded.since;
    }
    cursor = text_of(answer.json, "next");
  } while (!cursor.empty());
  return recorded;
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return text;
}

/// Push by push, newest first.
std::vector<Compared> compare(const Recorded& recorded, const std::vector<git::LoggedCommit>& log) {
  std::map<Decision, std::string> old_ones;
  for (const auto& commit : log) {
    auto decision = handed_off(commit.message);
    const std::string when = rfc3339(commit.time);
    if (decision && when >= recorded.since.substr(0, when.size())) old_ones[shortened(*std::move(decision))] = when;  // while recording
  }
  std::map<std::string, Compared> pushes;
  const auto push_of = [&](const Decision& one, const std::string& when) -> Compared& {
    Compared& push = pushes[one.tag];
    push.tag = one.tag;
    if (push.first.empty() || when < push.first) push.first = when;
    return push;
  };
  for (const auto& [one, when] : old_ones) {
    Compared& push = push_of(one, when);
    (recorded.decisions.contains(one) ? push.agreed : push.only_old).push_back(one.app);
  }
  for (const auto& [one, when] : recorded.decisions) {
    Compared& push = push_of(one, when);
    if (!old_ones.contains(one)) push.only_here.push_back(one.app);
  }
  std::vector<Compared> newest_first;
  for (auto& [tag, push] : pushes) newest_first.push_back(std::move(push));
  std::stable_sort(newest_first.begin(), newest_first.end(), [](const Compared& a, const Compared& b) { return a.first > b.first; });
  return newest_first;
}

using Apps = std::vector<std::string> Compared::*;

struct Column {
  const char* key;
  const char* title;
  Apps apps;
};
constexpr Column columns[] = {{"agreed", "both decided to build", &Compared::agreed},
                              {"only_old_system", "only the old system built", &Compared::only_old},
                              {"only_slipway", "only slipway would have built (the old one missed it, or was still at it)", &Compared::only_here}};

std::size_t count(const std::vector<Compared>& pushes, Apps apps) {
  return std::accumulate(pushes.begin(), pushes.end(), std::size_t{0}, [&](std::size_t sum, const Compared& push) { return sum + (push.*apps).size(); });
}

void print_text(const std::vector<Compared>& pushes) {
  for (const auto& push : pushes) {
    fmt::print("{}  {}\n", push.tag, push.first);
    for (const auto& column : columns) {
      if (!(push.*column.apps).empty()) fmt::print("  {}: {}\n", column.title, fmt::join(push.*column.apps, ", "));
    }
  }
  fmt::print("\n{} pushes\n", pushes.size());
  for (const auto& column : columns) fmt::print("{}: {}\n", column.title, count(pushes, column.apps));
}

void print_json(const std::vector<Compared>& pushes) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  for (const auto& column : columns) {
    json.Key(column.key), json.StartArray();
    for (const auto& push : pushes) {
      for (const auto& app : push.*column.apps) {
        json.StartObject();
        json.Key("app"), json.String(app);
        json.Key("tag"), json.String(push.tag);
        json.EndObject();
      }
    }
    json.EndArray();
  }
  json.Key("pushes"), json.StartArray();
  for (const auto& push : pushes) {
    json.StartObject();
    json.Key("tag"), json.String(push.tag);
    json.Key("first"), json.String(push.first);
    for (const auto& column : columns) {
      json.Key(column.key), json.StartArray();
      for (const auto& app : push.*column.apps) json.String(app);
      json.EndArray();
    }
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  fmt::print("{}\n", out.GetString());
}

}  // namespace

/// slipway shadow-report: compares what was recorded in shadow mode with what the old system handed off, push by push. Exit 1 if that
/// built something that slipway would not have.
ExitCode run(const Global& global, const ShadowReport& report) {
  const auto config = load_config(global, false);
  const auto recorded = recorded_runs(config);
  const Scratch scratch;
  auto options = infra_options(config.settings, nullptr);
  options.mirror = scratch.path() / "infra.git";
  const auto infra = git::open_infra(options, Log());
  const auto head = blocking(infra->fetch());
  const auto log = blocking(infra->log(head, report.last));
  const auto pushes = compare(recorded, log);
  if (global.json) print_json(pushes);
  else print_text(pushes);
  return count(pushes, &Compared::only_old) == 0 ? ExitCode::done : ExitCode::no;
}

}  // namespace slipway::app

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <set>

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

/// One image tag of one application: what both systems decide about.
struct Decision {
  Decision(std::string name, std::string written) : app(std::move(name)), tag(std::move(written)) {}
  std::string app, tag;
  auto operator<=>(const Decision&) const = default;
};

struct Comparison {
  Comparison() = default;
  std::vector<Decision> agreed, only_old, only_here;
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

/// Tags of other lengths name the same commit: `b5b212e0d009` and `b5b212e0`.
Decision shortened(Decision decision) {
  decision.tag.resize(std::min<std::size_t>(decision.tag.size(), 8));
  return decision;
}

struct Recorded {
  Recorded() = default;
  std::set<Decision> decisions;
  std::string since;  ///< when the oldest of the recorded runs was made, RFC 3339
};

Recorded recorded_runs(const config::Config& config) {
  Api api(config);
  Recorded recorded;
  std::string cursor;
  do {
    const auto answer = api.get("/api/v1/runs?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
    for (const auto& run : answer.json["runs"].GetArray()) {
      const auto* known = config.catalogue->find(TemplateName(text_of(run, "template")));
      const std::string app = known ? known->app : text_of(run, "template");
      recorded.decisions.emplace(app, text_of(run, "commit").substr(0, 8));
      recorded.since = text_of(run, "created");
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

Comparison compare(const Recorded& recorded, const std::vector<git::LoggedCommit>& log) {
  Comparison comparison;
  std::set<Decision> old_ones;
  for (const auto& commit : log) {
    auto decision = handed_off(commit.message);
    if (!decision || rfc3339(commit.time) < recorded.since) continue;  // made before anybody watched
    old_ones.insert(shortened(*std::move(decision)));
  }
  for (const auto& one : old_ones) (recorded.decisions.contains(one) ? comparison.agreed : comparison.only_old).push_back(one);
  for (const auto& one : recorded.decisions) {
    if (!old_ones.contains(one)) comparison.only_here.push_back(one);
  }
  return comparison;
}

void print_list(const char* title, const std::vector<Decision>& decisions) {
  fmt::print("{}: {}\n", title, decisions.size());
  for (const auto& one : decisions) fmt::print("  {} {}\n", one.app, one.tag);
}

void print_json(const Comparison& comparison) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  const auto list = [&](const char* name, const std::vector<Decision>& decisions) {
    json.Key(name);
    json.StartArray();
    for (const auto& one : decisions) {
      json.StartObject();
      json.Key("app"), json.String(one.app);
      json.Key("tag"), json.String(one.tag);
      json.EndObject();
    }
    json.EndArray();
  };
  json.StartObject();
  list("agreed", comparison.agreed);
  list("only_old_system", comparison.only_old);
  list("only_slipway", comparison.only_here);
  json.EndObject();
  fmt::print("{}\n", out.GetString());
}

}  // namespace

/// slipway shadow-report: what was recorded in shadow against what the old system handed off. Exit 1 where it built something that
/// slipway would not have.
ExitCode run(const Global& global, const ShadowReport& report) {
  const auto config = load_config(global, false);
  const auto recorded = recorded_runs(config);
  const Scratch scratch;
  auto options = infra_options(config.settings, nullptr);
  options.mirror = scratch.path() / "infra.git";
  const auto infra = git::open_infra(options, Log());
  const auto head = blocking(infra->fetch());
  const auto log = blocking(infra->log(head, report.last));
  const auto comparison = compare(recorded, log);
  if (global.json) {
    print_json(comparison);
  } else {
    print_list("both decided to build", comparison.agreed);
    print_list("only the old system built", comparison.only_old);
    print_list("only slipway would have built (the old one missed it, or was still at it)", comparison.only_here);
  }
  return comparison.only_old.empty() ? ExitCode::done : ExitCode::no;
}

}  // namespace slipway::app

#include <fmt/format.h>

#include <map>
#include <thread>

#include "app/api.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/run_text.hpp"
#include "http/json.hpp"
#include "io/url.hpp"

namespace slipway::app {
namespace {

std::string json_text(const rapidjson::Value& value) {
  http::Json json;
  value.Accept(json.out);
  return json.take();
}

std::string query_of(const Runs& runs) {
  std::string path = fmt::format("/api/v1/runs?limit={}", runs.limit);
  if (!runs.template_name.empty()) path += "&template=" + io::percent_encode(runs.template_name);
  if (!runs.state.empty()) path += "&state=" + runs.state;
  return path;
}

/// Prints the runs that changed since the last call, oldest first.
class Watcher {
 public:
  explicit Watcher(bool json) : json_(json) {}

  void show(const rapidjson::Value& runs) {
    for (auto run = runs.End(); run != runs.Begin();) {
      --run;
      const std::string line = run_line(*run);
      auto& last = seen_[(*run)["id"].GetInt64()];
      if (last == line) continue;
      last = line;
      fmt::print("{}\n", json_ ? json_text(*run) : line);
    }
    std::fflush(stdout);
  }

 private:
  bool json_;
  std::map<std::int64_t, std::string> seen_;
};

ExitCode said(const Global& global, const ApiAnswer& answer, const std::string& done) {
  if (answer.status >= 300) return refused(answer);
  fmt::print("{}\n", global.json ? answer.text : done);
  return ExitCode::done;
}

}  // namespace

/// slipway runs [--template T] [--state S] [--watch]. Exit 1 if there are none because the template does not exist.
ExitCode run(const Global& global, const Runs& runs) {
  Api api(load_config(global, false));
  Watcher watcher(global.json);
  bool first = true;
  do {
    const auto answer = api.get(query_of(runs));
    if (answer.status != 200 || !answer.json.IsObject() || !answer.json.HasMember("runs")) return refused(answer);
    if (first && !runs.template_name.empty() && answer.json["runs"].Empty()) {
      const auto known = api.get("/api/v1/templates/" + io::percent_encode(runs.template_name));
      if (known.status != 200) return refused(known);
    }
    if (first && !global.json) fmt::print("{}\n", run_header());
    first = false;
    if (runs.watch) {
      watcher.show(answer.json["runs"]);
    } else if (global.json) {
      fmt::print("{}\n", answer.text);
    } else {
      for (const auto& one : answer.json["runs"].GetArray()) fmt::print("{}\n", run_line(one));
    }
    if (runs.watch) std::this_thread::sleep_for(std::chrono::seconds(1));
  } while (runs.watch);
  return ExitCode::done;
}

/// slipway run ID. Exit 1 if the run failed, or does not exist.
ExitCode run(const Global& global, const ShowRun& show) {
  Api api(load_config(global, false));
  const auto answer = api.get(fmt::format("/api/v1/runs/{}", show.id));
  if (answer.status != 200 || !answer.json.IsObject()) return refused(answer);
  fmt::print("{}", global.json ? answer.text + "\n" : run_page(answer.json));
  return text_of(answer.json, "state") == "failed" ? ExitCode::no : ExitCode::done;
}

/// slipway cancel ID
ExitCode run(const Global& global, const Cancel& cancel) {
  Api api(load_config(global, false));
  return said(global, api.post(fmt::format("/api/v1/runs/{}/cancel", cancel.id)), fmt::format("run {} is being cancelled", cancel.id));
}

/// slipway retry ID [--allow-rollback] [--rebuild]
ExitCode run(const Global& global, const Retry& retry) {
  Api api(load_config(global, false));
  const std::string body = fmt::format(R"({{"allow_rollback":{},"rebuild":{}}})", retry.allow_rollback, retry.rebuild);
  return said(global, api.post(fmt::format("/api/v1/runs/{}/retry", retry.id), body), fmt::format("run {} is queued again", retry.id));
}

/// slipway release TEMPLATE
ExitCode run(const Global& global, const Release& release) {
  Api api(load_config(global, false));
  return said(global, api.post("/api/v1/templates/" + io::percent_encode(release.template_name) + "/release"),
              fmt::format("{} is released", release.template_name));
}

}  // namespace slipway::app

#include "app/history.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <map>
#include <set>

#include "app/blocking.hpp"
#include "app/parts.hpp"
#include "app/scratch.hpp"
#include "base/failure.hpp"
#include "trigger/gitea.hpp"
#include "trigger/match.hpp"

namespace slipway::app {
namespace {

struct PastPush {
  PastPush() = default;
  CommitSha after;
  std::vector<std::string> templates;
};

struct History {
  History() = default;
  std::vector<PastPush> pushes;                   ///< newest first
  std::map<std::string, std::string> never;       ///< trigger that never matched → why not, the last time
  std::map<std::string, std::size_t> uncovered;   ///< file → in how many pushes it changed
};

Push push_of(const RepoName& repository, const CommitSha& before, const CommitSha& after, std::vector<ChangedCommit> commits) {
  Push push;
  push.repository = repository;
  push.ref = trigger::watched_ref;
  push.before = before;
  push.after = after;
  push.total_commits = static_cast<std::int64_t>(commits.size());
  push.commits = std::move(commits);
  return push;
}

Verdict judge(const trigger::Matcher& matcher, const Push& push) {
  const auto delivery = trigger::synthesize(push, DeliveryId("history"), Clock::now());
  return matcher.judge(delivery, push);
}

std::set<std::string> files_of(const Push& push) {
  std::set<std::string> files;
  for (const auto& commit : push.commits) {
    for (const auto* list : {&commit.added, &commit.modified, &commit.removed}) files.insert(list->begin(), list->end());
  }
  return files;
}

/// Whether some trigger fires for a push that changes this file alone.
class Coverage {
 public:
  explicit Coverage(const trigger::Matcher& matcher) : matcher_(matcher) {}
  bool covers(const Push& push, const std::string& file) {
    const auto known = known_.find(file);
    if (known != known_.end()) return known->second;
    ChangedCommit commit;
    commit.id = push.after;
    commit.modified = {file};
    const auto alone = push_of(push.repository, push.before, push.after, {commit});
    return known_[file] = !judge(matcher_, alone).runs.empty();
  }

 private:
  const trigger::Matcher& matcher_;
  std::map<std::string, bool> known_;
};

Task<History> walk(const config::Config& config, const RepoName& repository, std::size_t last, const std::filesystem::path& scratch) {
  auto options = mirror_options(config.settings, nullptr);
  options.folder = scratch;
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  const auto mirrors = git::open_mirrors(options, loop, Log());
  co_await mirrors->fetch(repository);
  const auto line = co_await mirrors->first_parents(repository, trigger::watched_ref, last + 1);
  if (line.empty()) throw Unavailable(fmt::format("{} has no {}", repository.value(), trigger::watched_ref));
  const trigger::Matcher matcher(config.catalogue);
  Coverage coverage(matcher);
  History history;
  std::set<std::string> matched;
  for (std::size_t i = 0; i < line.size() && i < last; ++i) {
    const CommitSha before = i + 1 < line.size() ? line[i + 1] : CommitSha(std::string(40, '0'));
    auto commits = co_await mirrors->changed(repository, before, line[i], config.settings.git.complete_limit);
    const Push push = push_of(repository, before, line[i], std::move(commits));
    const auto verdict = judge(matcher, push);
    PastPush past;
    past.after = line[i];
    for (const auto& run : verdict.runs) {
      past.templates.push_back(run.template_name.value());
      matched.insert(run.trigger);
    }
    for (const auto& skip : verdict.skipped) history.never.emplace(skip.trigger, skip.reason);
    for (const auto& file : files_of(push)) {
      if (!coverage.covers(push, file)) ++history.uncovered[file];
    }
    history.pushes.push_back(std::move(past));
  }
  for (const auto& trigger : matched) history.never.erase(trigger);
  co_return history;
}

void print_text(const History& history, const RepoName& repository) {
  for (const auto& push : history.pushes) {
    fmt::print("{}  {}\n", push.after.value().substr(0, 8), push.templates.empty() ? "nothing" : fmt::format("{}", fmt::join(push.templates, ", ")));
  }
  fmt::print("\nTriggers that matched none of these {} pushes to {}:\n", history.pushes.size(), repository.value());
  for (const auto& [trigger, why] : history.never) fmt::print("  {}: {}\n", trigger, why);
  fmt::print("\nFiles that changed and that no trigger covers:\n");
  for (const auto& [file, pushes] : history.uncovered) fmt::print("  {} ({})\n", file, pushes);
}

void print_json(const History& history) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  json.Key("pushes"), json.StartArray();
  for (const auto& push : history.pushes) {
    json.StartObject();
    json.Key("after"), json.String(push.after.value());
    json.Key("templates"), json.StartArray();
    for (const auto& name : push.templates) json.String(name);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.Key("never_matched"), json.StartObject();
  for (const auto& [trigger, why] : history.never) json.Key(trigger.c_str()), json.String(why);
  json.EndObject();
  json.Key("uncovered"), json.StartObject();
  for (const auto& [file, pushes] : history.uncovered) json.Key(file.c_str()), json.Uint64(pushes);
  json.EndObject();
  json.EndObject();
  fmt::print("{}\n", out.GetString());
}

}  // namespace

ExitCode explain_history(const Global& global, const config::Config& config, const RepoName& repository, std::size_t last) {
  const Scratch scratch;
  const auto history = blocking(walk(config, repository, last, scratch.path()));
  if (global.json) print_json(history);
  else print_text(history, repository);
  const bool any = std::any_of(history.pushes.begin(), history.pushes.end(), [](const PastPush& push) { return !push.templates.empty(); });
  return any ? ExitCode::done : ExitCode::no;
}

}  // namespace slipway::app

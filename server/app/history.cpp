#include "app/history.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "app/blocking.hpp"
#include "app/parts.hpp"
#include "app/scratch.hpp"
#include "base/failure.hpp"
#include "http/json.hpp"
#include "trigger/gitea.hpp"
#include "trigger/match.hpp"

namespace slipway::app {
namespace {

struct PastPush {
  PastPush() = default;
  CommitSha after;
  std::vector<std::string> templates;
  std::vector<std::string> errors;  ///< triggers that could not be evaluated
};

/// The failures of a trigger that could not be evaluated, as opposed to one that did not match.
struct Failure {
  Failure() = default;
  std::size_t pushes = 0;
  CommitSha after;  ///< the newest such push
  std::string reason;
};

struct History {
  History() = default;
  std::vector<PastPush> pushes;                   ///< newest first
  std::map<std::string, std::string> never;       ///< trigger that never matched → why not, for the newest push
  std::map<std::string, Failure> errors;          ///< by trigger
  std::map<std::string, std::size_t> uncovered;   ///< file → number of pushes that changed it
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

/// Whether any trigger fires for a push that changes only a given file. Caches the answers.
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

/// Adds the verdict on a push older than those already added. Adds triggers that matched to `matched`.
void add(const Verdict& verdict, const CommitSha& after, History& history, std::set<std::string>& matched) {
  PastPush past;
  past.after = after;
  for (const auto& run : verdict.runs) {
    past.templates.push_back(run.template_name.value());
    matched.insert(run.trigger);
  }
  for (const auto& skip : verdict.skipped) {
    if (!skip.error) {
      history.never.emplace(skip.trigger, skip.reason);
      continue;
    }
    past.errors.push_back(skip.trigger);
    auto& failure = history.errors[skip.trigger];
    if (failure.pushes++ > 0) continue;
    failure.after = after;
    failure.reason = skip.reason;
  }
  history.pushes.push_back(std::move(past));
}

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
    add(judge(matcher, push), line[i], history, matched);
    for (const auto& file : files_of(push)) {
      if (!coverage.covers(push, file)) ++history.uncovered[file];
    }
  }
  for (const auto& trigger : matched) history.never.erase(trigger);
  for (const auto& [trigger, failure] : history.errors) history.never.erase(trigger);
  co_return history;
}

std::string line_of(const PastPush& push) {
  std::string line = push.after.value().substr(0, 8) + "  ";
  line += push.templates.empty() ? "nothing" : fmt::format("{}", fmt::join(push.templates, ", "));
  if (!push.errors.empty()) line += fmt::format("; ERROR {}", fmt::join(push.errors, ", "));
  return line;
}

void print_text(const History& history, const RepoName& repository) {
  for (const auto& push : history.pushes) fmt::print("{}\n", line_of(push));
  if (!history.errors.empty()) fmt::print("\nTriggers that could not be evaluated:\n");
  for (const auto& [trigger, failure] : history.errors) {
    fmt::print("  {}: in {} of {} pushes, the last {}: {}\n", trigger, failure.pushes, history.pushes.size(),
               failure.after.value().substr(0, 8), failure.reason);
  }
  fmt::print("\nTriggers that matched none of these {} pushes to {}:\n", history.pushes.size(), repository.value());
  for (const auto& [trigger, why] : history.never) fmt::print("  {}: {}\n", trigger, why);
  fmt::print("\nFiles that changed and that no trigger covers:\n");
  for (const auto& [file, pushes] : history.uncovered) fmt::print("  {} ({})\n", file, pushes);
}

void write(http::Json& json, const char* key, const std::vector<std::string>& words) {
  json.out.Key(key);
  json.out.StartArray();
  for (const auto& word : words) json.out.String(word);
  json.out.EndArray();
}

void write(http::Json& json, const PastPush& push) {
  json.out.StartObject();
  json.text("after", push.after.value());
  write(json, "templates", push.templates);
  write(json, "errors", push.errors);
  json.out.EndObject();
}

void write(http::Json& json, const std::string& trigger, const Failure& failure) {
  json.out.Key(trigger.c_str());
  json.out.StartObject();
  json.number("pushes", static_cast<std::int64_t>(failure.pushes));
  json.text("after", failure.after.value());
  json.text("reason", failure.reason);
  json.out.EndObject();
}

void print_json(const History& history) {
  http::Json json;
  json.out.StartObject();
  json.out.Key("pushes");
  json.out.StartArray();
  for (const auto& push : history.pushes) write(json, push);
  json.out.EndArray();
  json.out.Key("never_matched");
  json.out.StartObject();
  for (const auto& [trigger, why] : history.never) json.text(trigger.c_str(), why);
  json.out.EndObject();
  json.out.Key("errors");
  json.out.StartObject();
  for (const auto& [trigger, failure] : history.errors) write(json, trigger, failure);
  json.out.EndObject();
  json.out.Key("uncovered");
  json.out.StartObject();
  for (const auto& [file, pushes] : history.uncovered) json.number(file.c_str(), static_cast<std::int64_t>(pushes));
  json.out.EndObject();
  json.out.EndObject();
  fmt::print("{}\n", json.take());
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

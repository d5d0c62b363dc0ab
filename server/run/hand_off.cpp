#include "run/hand_off.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "run/edits.hpp"
#include "run/ground.hpp"

namespace slipway::run {
namespace {

constexpr std::chrono::milliseconds race_delay{20};  ///< of the first retry; doubles, with jitter

/// Between half and the whole of 20 ms · 2^(attempt-1): losers of one race must not meet again in step.
Clock::duration after_race(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = race_delay * (1 << std::min(attempt - 1, 8));
  std::uniform_int_distribution<std::int64_t> pick(longest.count() / 2, longest.count());
  return std::chrono::milliseconds(pick(random));
}

void note_all(std::span<HandOffItem*> items, const std::string& sentence) {
  for (auto* item : items) item->log->note(sentence);
}

void fail_all(std::span<HandOffItem*> items, std::exception_ptr error) {
  for (auto* item : items) {
    if (!item->outcome) item->failed = error;
  }
}

/// What one look at one head of the infra repository comes to.
struct Draft {
  std::vector<git::NewCommit> commits;
  std::vector<HandOffItem*> writers;  ///< one a commit
  bool all_write = true;              ///< nobody was decided otherwise than to write
};

/// Decides and edits every undecided item, each on top of the ones before it.
Task<Draft> draft(HandOffTools& tools, const HandoffSettings& settings, const CommitSha& head, std::span<HandOffItem*> batch) {
  Draft made;
  Ground ground(tools, head);
  for (auto* item : batch) {
    if (item->outcome || item->failed) continue;
    auto step = co_await plan_step(tools, settings, ground, item->what, *item->log);
    if (auto* commit = std::get_if<git::NewCommit>(&step)) {
      ground.apply(*commit);
      made.commits.push_back(std::move(*commit));
      made.writers.push_back(item);
    } else {
      made.all_write = false;
      item->outcome = std::get<RunOutcome>(std::move(step));
    }
  }
  co_return made;
}

/// Which of the repositories have the commit, where there are several: for the run and its log.
std::string about_copies(const HandoffSettings& settings, const std::vector<git::CopyPush>& copies) {
  std::string text;
  for (const auto& copy : copies) {
    if (text.empty()) text = fmt::format("{} has the commit", settings.repository_url);
    if (copy.has_commits) text += fmt::format("; the mirror {} has it too", copy.url);
    else if (copy.diverged) text += fmt::format("; the mirror {} does not have it, since it has diverged and is never forced: {}", copy.url, copy.words);
    else text += fmt::format("; the mirror {} does not have it: {}; the next hand-off tries again", copy.url, copy.words);
  }
  return text;
}

Task<> landed(HandOffTools& tools, const HandoffSettings& settings, const git::Landed& push, std::span<HandOffItem* const> writers) {
  const std::string where = about_copies(settings, push.copies);
  for (std::size_t i = 0; i < writers.size(); ++i) {
    auto& item = *writers[i];
    item.log->note(fmt::format("pushed as {}", push.commits[i].value()));
    if (!where.empty()) item.log->note(where);
    co_await remember(tools, item.what, push.commits[i]);
    item.outcome = RunOutcome(HandedOff(push.commits[i], where));
    item.copies = push.copies;
  }
}

Task<> fetch_sources(HandOffTools& tools, std::span<HandOffItem*> batch) {
  std::vector<RepoName> fetched;
  for (auto* item : batch) {
    const RepoName& repository = item->what.run.repository;
    if (std::find(fetched.begin(), fetched.end(), repository) != fetched.end()) continue;
    co_await tools.sources.fetch(repository);
    fetched.push_back(repository);
  }
}

/// The attempts. Outcomes decided on a head that may be stale are taken back and decided again on the fetched one: only a push
/// proves a head.
Task<> attempts(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  co_await fetch_sources(tools, batch);
  CommitSha head = co_await tools.infra.head();
  bool fresh = false;
  for (int attempt = 1; attempt <= settings.attempts;) {
    Draft made = co_await draft(tools, settings, head, batch);
    if (!made.all_write && !fresh) {
      for (auto* item : batch) item->outcome.reset();
      head = co_await tools.infra.fetch();
      fresh = true;
      continue;
    }
    if (made.commits.empty()) co_return;
    const auto outcome = co_await tools.infra.commit_and_push(head, made.commits);
    if (const auto* push = std::get_if<git::Landed>(&outcome)) {
      co_await landed(tools, settings, *push, made.writers);
      co_return;
    }
    const std::string words = std::get<git::Raced>(outcome).words;
    note_all(made.writers, fmt::format("attempt {} of {} lost a race: {}", attempt, settings.attempts, words));
    tools.log.info("hand-off lost a race", {{"attempt", attempt}, {"commits", made.commits.size()}, {"words", words}});
    if (attempt++ < settings.attempts) co_await tools.time.sleep_for(after_race(attempt - 1));
    co_await fetch_sources(tools, batch);
    head = co_await tools.infra.fetch();
    fresh = true;
  }
  for (auto* item : batch) {
    if (item->outcome) continue;
    item->outcome = RunOutcome(Failed(Stage::handoff, fmt::format("the branch {} moved under every one of {} attempts; `slipway retry {}` tries again",
                                                                  settings.branch, settings.attempts, item->what.run.id.value())));
  }
}

}  // namespace

Task<> hand_off(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  std::exception_ptr error;
  try {
    co_await attempts(tools, settings, batch);
  } catch (...) {
    error = std::current_exception();  // told to everyone who waits for this push; each run decides what it means
  }
  if (error) fail_all(batch, error);
}

}  // namespace slipway::run

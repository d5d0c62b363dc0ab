#include "run/draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <random>

#include "run/edits.hpp"

namespace slipway::run {
namespace {

constexpr std::chrono::milliseconds race_delay{20};  ///< before the first retry; doubles, with jitter

Clock::duration delay_after(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = race_delay * (1 << std::min(attempt - 1, 8));
  std::uniform_int_distribution<std::int64_t> pick(longest.count() / 2, longest.count());
  return std::chrono::milliseconds(pick(random));
}

/// Exceptions from an item's own file or source are stored in that item only; its run decides what they mean.
Task<std::optional<Step>> plan(HandOffTools& tools, const HandoffSettings& settings, Ground& ground, HandOffItem& item) {
  std::optional<Step> step;
  try {
    step = co_await plan_step(tools, settings, ground, item.what, *item.log);
  } catch (...) {
    item.failed = std::current_exception();
  }
  co_return step;
}

}  // namespace

Task<Draft> draft(HandOffTools& tools, const HandoffSettings& settings, const Head& head,
                  std::span<HandOffItem*> batch) {
  Draft made;
  Ground ground(tools, head);
  for (auto* item : batch) {
    if (item->outcome || item->failed) continue;
    auto step = co_await plan(tools, settings, ground, *item);
    auto* commit = step ? std::get_if<git::NewCommit>(&*step) : nullptr;
    if (commit != nullptr) {
      ground.apply(*commit);
      made.commits.push_back(std::move(*commit));
      made.writers.push_back(item);
      continue;
    }
    made.ended.push_back(item);
    if (step) item->outcome = std::get<RunOutcome>(*std::move(step));
  }
  co_return made;
}

Task<> fetch_sources(HandOffTools& tools, std::span<HandOffItem*> batch) {
  std::map<RepoName, std::exception_ptr> fetched;  // null: success
  for (auto* item : batch) {
    if (item->failed) continue;
    const RepoName& repository = item->what.run.repository;
    auto known = fetched.find(repository);
    if (known == fetched.end()) {
      std::exception_ptr error;
      try {
        co_await tools.sources.fetch(repository);
      } catch (...) {
        error = std::current_exception();
      }
      known = fetched.emplace(repository, std::move(error)).first;
    }
    item->failed = known->second;
  }
}

Task<> after_race(HandOffTools& tools, const HandoffSettings& settings, int attempt, std::span<HandOffItem*> writers,
                  std::string words) {
  for (auto* item : writers)
    item->log->note(fmt::format("attempt {} of {} lost a race: {}", attempt, settings.attempts, words));
  tools.log.info("hand-off lost a race", {{"attempt", attempt}, {"commits", writers.size()}, {"words", words}});
  if (attempt < settings.attempts) co_await tools.time.sleep_for(delay_after(attempt));
}

void exhaust(const HandoffSettings& settings, const std::string& branch, std::span<HandOffItem*> batch) {
  for (auto* item : batch) {
    if (item->outcome || item->failed) continue;
    item->outcome = RunOutcome(
        Failed(Stage::handoff,
               fmt::format("the branch {} moved under every one of {} attempts; `slipway retry {}` tries again", branch,
                           settings.attempts, item->what.run.id.value())));
  }
}

void fail_all(std::span<HandOffItem*> batch, std::exception_ptr error) {
  for (auto* item : batch) {
    if (!item->outcome && !item->failed) item->failed = error;
  }
}

}  // namespace slipway::run

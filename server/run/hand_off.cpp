#include "run/hand_off.hpp"

#include <fmt/format.h>

#include "base/failure.hpp"
#include "run/draft.hpp"
#include "run/edits.hpp"
#include "run/proposals.hpp"

namespace slipway::run {
namespace {

/// For the run and its log: which of the repositories have the commit; empty if there are no mirrors.
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

void take_back(HandOffItem& item) {
  item.outcome.reset();
  item.failed = nullptr;
}

/// Nothing if the server refused several commits together: not necessarily each of them.
Task<std::optional<git::PushOutcome>> push(HandOffTools& tools, const CommitSha& head, const Draft& made) {
  std::optional<git::PushOutcome> outcome;
  std::string words;
  try {
    outcome = co_await tools.infra.commit_and_push(head, made.commits);
  } catch (const Refused& error) {
    if (made.commits.size() == 1) throw;
    words = error.what();
  }
  if (outcome) co_return outcome;
  for (auto* item : made.writers) item->log->note(fmt::format("pushed alone, since the push of {} commits failed: {}", made.commits.size(), words));
  tools.log.warn("a push was refused; each of its commits is pushed alone", {{"commits", made.commits.size()}, {"error", words}});
  co_return std::nullopt;
}

/// Hands off by push; returns the writers of a push that was refused as a whole, undecided. Outcomes without a commit that were decided
/// on a possibly stale head are discarded and decided again on a fetched one, because only a push verifies the head.
Task<std::vector<HandOffItem*>> attempts(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  std::vector<HandOffItem*> none;
  co_await fetch_sources(tools, batch);
  const CommitSha known = co_await tools.infra.head();
  Head head(known, false);
  for (int attempt = 1; attempt <= settings.attempts;) {
    Draft made = co_await draft(tools, settings, head, batch);
    if (!made.ended.empty() && !head.fresh) {
      for (auto* item : made.ended) take_back(*item);
      head.commit = co_await tools.infra.fetch();
      head.fresh = true;
      continue;
    }
    if (made.commits.empty()) co_return none;
    const auto outcome = co_await push(tools, head.commit, made);
    if (!outcome) co_return std::move(made.writers);
    if (const auto* done = std::get_if<git::Landed>(&*outcome)) {
      co_await landed(tools, settings, *done, made.writers);
      co_return none;
    }
    const std::string words = std::get<git::Raced>(*outcome).words;
    co_await after_race(tools, settings, attempt, made.writers, words);
    ++attempt;
    co_await fetch_sources(tools, batch);
    head.commit = co_await tools.infra.fetch();
    head.fresh = true;
  }
  exhaust(settings, settings.branch, batch);
  co_return none;
}

/// A server refuses a push as a whole, for one bad commit: then each is pushed alone, so that only that one's run fails.
Task<> push_all(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  auto apart = co_await attempts(tools, settings, batch);
  for (auto& item : apart) {
    try {
      co_await attempts(tools, settings, std::span(&item, 1));
    } catch (const Refused&) {
      item->failed = std::current_exception();
    }
  }
}

}  // namespace

Task<> hand_off(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  std::exception_ptr error;
  try {
    if (settings.mode == HandoffMode::pull_request) co_await propose(tools, settings, batch);
    else co_await push_all(tools, settings, batch);
  } catch (...) {
    error = std::current_exception();  // passed to every item of this push; each run decides what it means
  }
  if (error) fail_all(batch, error);
}

}  // namespace slipway::run

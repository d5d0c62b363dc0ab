#include "run/hand_off.hpp"

#include <fmt/format.h>

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

/// Hands off by push. Outcomes without a commit that were decided on a possibly stale head are discarded and decided again on a fetched
/// one, because only a push verifies the head.
Task<> attempts(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  co_await fetch_sources(tools, batch);
  CommitSha head = co_await tools.infra.head();
  bool fresh = false;
  for (int attempt = 1; attempt <= settings.attempts;) {
    Draft made = co_await draft(tools, settings, head, batch);
    if (!made.ended.empty() && !fresh) {
      for (auto* item : made.ended) take_back(*item);
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
    co_await after_race(tools, settings, attempt, made.writers, words);
    ++attempt;
    co_await fetch_sources(tools, batch);
    head = co_await tools.infra.fetch();
    fresh = true;
  }
  exhaust(settings, settings.branch, batch);
}

}  // namespace

Task<> hand_off(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  std::exception_ptr error;
  try {
    if (settings.mode == HandoffMode::pull_request) co_await propose(tools, settings, batch);
    else co_await attempts(tools, settings, batch);
  } catch (...) {
    error = std::current_exception();  // passed to every item of this push; each run decides what it means
  }
  if (error) fail_all(batch, error);
}

}  // namespace slipway::run

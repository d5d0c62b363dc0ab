#include "run/reconciler.hpp"

#include <algorithm>
#include <set>

#include "base/failure.hpp"
#include "run/missed.hpp"
#include "trigger/gitea.hpp"

namespace slipway::run {
namespace {

/// Gitea sends a delivery up to 6 s after the push. Waiting longer than that avoids mistaking one in transit for lost.
constexpr auto grace = std::chrono::seconds(10);
constexpr auto soon = std::chrono::seconds(15);  ///< delay after a look that failed in part; doubles

}  // namespace

Reconciler::Reconciler(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, Completer& completer, Log log)
    : queue_(queue), sources_(sources), time_(time), completer_(completer), log_(std::move(log)) {}

void Reconciler::use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit) {
  matcher_ = std::move(matcher);
  limit_ = limit;
}

Task<> Reconciler::serve(std::chrono::seconds every) {
  auto again = soon;
  while (true) {
    const bool sure = co_await look();
    const auto pause = sure ? every : std::min(every, again);
    again = sure ? soon : std::min(again * 2, every);
    co_await time_.sleep_for(pause);
  }
}

/// Compares every watched branch; false if one could not be compared.
Task<bool> Reconciler::look() {
  const auto repositories = co_await watched();
  std::vector<Behind> behind;
  bool sure = true;
  for (const auto& repository : repositories) {
    auto comparing = compare(repository, behind);
    const bool done = co_await tried(repository, std::move(comparing));
    sure = sure && done;
  }
  if (!behind.empty()) co_await time_.sleep_for(grace);
  for (const auto& one : behind) {
    auto catching_up = catch_up(one);
    const bool done = co_await tried(one.repository, std::move(catching_up));
    sure = sure && done;
  }
  co_return sure;
}

Task<bool> Reconciler::tried(RepoName repository, Task<bool> what) {
  std::string trouble;
  try {
    const bool done = co_await std::move(what);
    troubles_.erase(repository);
    co_return done;
  } catch (const Unavailable& error) {
    trouble = error.what();
  } catch (const Refused& error) {
    trouble = error.what();
  }
  std::string& said = troubles_[repository];  // a repository that is gone for good would be told of at every look
  if (said != trouble) log_.warn("a branch cannot be compared", {{"repository", repository.value()}, {"error", trouble}});
  said = std::move(trouble);
  co_return false;
}

/// Compares one branch; adds it to `behind` if its head differs. Reads the last seen position before fetching: otherwise a delivery
/// stored meanwhile would be newer than the fetched head, and look like a branch forced back.
Task<bool> Reconciler::compare(RepoName repository, std::vector<Behind>& behind) {
  const auto seen = co_await last_seen(queue_, repository, trigger::watched_ref);
  co_await sources_.fetch(repository);
  const auto head = co_await sources_.head(repository, trigger::watched_ref);
  if (!head) co_return true;
  if (!seen) {
    const auto meanwhile = co_await last_seen(queue_, repository, trigger::watched_ref);
    // Watched for the first time, with no push so far: only record the head.
    if (!meanwhile) co_await accept_missed(repository, *head, *head);
    co_return true;
  }
  if (seen->after != *head || seen->pending) behind.emplace_back(repository, seen->after, *head);
  co_return true;
}

/// Accepts the missed push, unless a delivery has arrived meanwhile; false while pending deliveries leave the position uncertain.
Task<bool> Reconciler::catch_up(Behind behind) {
  const auto seen = co_await last_seen(queue_, behind.repository, trigger::watched_ref);
  if (!seen || seen->pending) co_return false;
  if (seen->after == behind.head) co_return true;
  // The head is contained in the position seen: either a later delivery arrived meanwhile, or, if none did, the branch was forced back.
  const bool contained = co_await sources_.is_ancestor(behind.repository, behind.head, seen->after);
  if (!contained || seen->after == behind.seen) co_await accept_missed(behind.repository, seen->after, behind.head);
  co_return true;
}

/// The repositories named in the configuration, and those that match its patterns and ever sent a push. (Their runs may be history.)
Task<std::vector<RepoName>> Reconciler::watched() {
  const auto named = matcher_->catalogue().watched_repositories();
  const auto heads = co_await queue_.branch_heads();
  std::set<RepoName> all(named.begin(), named.end());
  for (const auto& head : heads) {
    if (head.ref == trigger::watched_ref && matcher_->watches(head.repository)) all.insert(head.repository);
  }
  std::vector<RepoName> repositories(all.begin(), all.end());
  co_return repositories;
}

Task<> Reconciler::accept_missed(const RepoName& repository, const CommitSha& before, const CommitSha& after) {
  Push push;
  push.repository = repository;
  push.ref = trigger::watched_ref;
  push.before = before;
  push.after = after;
  const auto matcher = matcher_;  // a reload may replace it meanwhile
  const MissedTools tools{queue_, sources_, time_, *matcher, limit_};
  const auto accepted = co_await run::accept_missed(tools, log_, std::move(push));
  if (accepted.pending) completer_.wake();
}

}  // namespace slipway::run

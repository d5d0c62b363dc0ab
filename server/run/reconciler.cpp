#include "run/reconciler.hpp"

#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "trigger/gitea.hpp"

namespace slipway::run {
namespace {

/// Gitea sends up to 6 s after a push (shared: deliveries): what is only on its way is not taken for lost.
constexpr auto grace = std::chrono::seconds(10);

}  // namespace

Reconciler::Reconciler(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, Completer& completer, Log log)
    : queue_(queue), sources_(sources), time_(time), completer_(completer), log_(std::move(log)) {}

void Reconciler::use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit) {
  matcher_ = std::move(matcher);
  limit_ = limit;
}

Task<> Reconciler::serve(std::chrono::seconds every) {
  while (true) {
    co_await look();
    co_await time_.sleep_for(every);
  }
}

Task<> Reconciler::look() {
  for (const auto& repository : matcher_->catalogue().watched_repositories()) {
    std::string trouble;
    try {
      co_await look_at(repository);
    } catch (const Unavailable& error) {
      trouble = error.what();
    } catch (const Refused& error) {
      trouble = error.what();
    }
    if (!trouble.empty()) log_.warn("a branch can not be compared", {{"repository", repository.value()}, {"error", trouble}});
  }
}

Task<> Reconciler::look_at(const RepoName& repository) {
  co_await sources_.fetch(repository);
  const auto head = co_await sources_.head(repository, trigger::watched_ref);
  if (!head) co_return;
  auto last = co_await last_seen(repository);
  if (last && *last == *head) co_return;
  if (last) {
    co_await time_.sleep_for(grace);
    last = co_await last_seen(repository);
    // Already past this head: a delivery came while we waited.
    const bool passed = co_await sources_.is_ancestor(repository, *head, *last);
    if (passed || *last == *head) co_return;
  }
  // A branch that is seen for the first time is only noted: nobody pushed to it while it was watched.
  co_await accept_missed(repository, last.value_or(*head), *head);
}

Task<std::optional<CommitSha>> Reconciler::last_seen(const RepoName& repository) {
  const auto heads = co_await queue_.branch_heads();
  for (const auto& head : heads) {
    if (head.repository == repository && head.ref == trigger::watched_ref) co_return head.after;
  }
  co_return std::nullopt;
}

Task<> Reconciler::accept_missed(const RepoName& repository, const CommitSha& before, const CommitSha& after) {
  Push push;
  push.repository = repository;
  push.ref = trigger::watched_ref;
  push.before = before;
  push.after = after;
  if (before != after) push.commits = co_await sources_.changed(repository, before, after, limit_);
  push.total_commits = static_cast<std::int64_t>(push.commits.size());
  const DeliveryId id("reconcile-" + random_hex(16));
  auto delivery = trigger::synthesize(push, id, time_.now());
  Verdict verdict;
  if (before == after) verdict.skipped.emplace_back("(all)", "the branch is seen for the first time: noted, nothing is built");
  else verdict = matcher_->judge(delivery, push);
  const auto accepted = co_await queue_.accept(delivery, verdict);
  if (accepted.pending) completer_.wake();
  if (before == after || accepted.duplicate) co_return;
  log_.warn("a push came without its delivery", {{"repository", repository.value()}, {"before", before.value()}, {"after", after.value()}, {"runs", accepted.runs.size()}});
}

}  // namespace slipway::run

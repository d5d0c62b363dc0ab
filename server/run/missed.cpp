#include "run/missed.hpp"

#include "base/hmac.hpp"

namespace slipway::run {

Task<std::optional<queue::BranchHead>> last_seen(queue::Queue& queue, RepoName repository, std::string ref) {
  const auto heads = co_await queue.branch_heads();
  for (const auto& head : heads) {
    if (head.repository == repository && head.ref == ref) co_return head;
  }
  co_return std::nullopt;
}

Task<queue::Accepted> accept_missed(MissedTools tools, const Log& log, Push push) {
  const bool is_first = push.before == push.after;
  if (!is_first) push.commits = co_await tools.sources.changed(push.repository, push.before, push.after, tools.limit);
  push.total_commits = static_cast<std::int64_t>(push.commits.size());
  const DeliveryId id("reconcile-" + random_hex(16));
  const auto delivery = trigger::synthesize(push, id, tools.time.now());
  Verdict verdict;
  if (is_first) verdict.skipped.emplace_back("(all)", "the branch is seen for the first time: noted, nothing is built");
  else verdict = tools.matcher.judge(delivery, push);
  const queue::Decision decision(std::move(verdict));
  auto accepted = co_await tools.queue.accept(delivery, decision);
  if (is_first || accepted.duplicate) co_return accepted;
  log.warn("a push came without its delivery", {{"repository", push.repository.value()}, {"before", push.before.value()}, {"after", push.after.value()}, {"runs", accepted.runs.size()}});
  co_return accepted;
}

Task<> note_elsewhere(MissedTools tools, const Log& log, const Run& run) {
  const auto head = co_await tools.sources.head(run.repository, run.ref);
  const bool still_there = co_await tools.sources.on_branch(run.repository, run.commit, run.ref);
  if (!head || still_there) co_return;
  const auto seen = co_await last_seen(tools.queue, run.repository, run.ref);
  if (!seen || seen->after != run.commit) co_return;
  Push push;
  push.repository = run.repository;
  push.ref = run.ref;
  push.before = run.commit;
  push.after = *head;
  co_await accept_missed(tools, log, std::move(push));
}

}  // namespace slipway::run

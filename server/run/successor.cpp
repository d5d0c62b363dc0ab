#include "run/successor.hpp"

#include <fmt/format.h>

namespace slipway::run {
namespace {

/// The commit of the template's last hand-off; the zero commit if there was none, so that the whole tree counts as changed.
Task<CommitSha> base_of(MissedTools tools, const Run& run, const Template& resolved) {
  for (const auto& edit : resolved.values) {
    const auto last = co_await tools.queue.last_handed_off(run.template_name, edit.file);
    if (last) co_return last->source_commit;
  }
  co_return CommitSha(std::string(40, '0'));
}

}  // namespace

Task<std::optional<Successor>> successor_of(MissedTools tools, const Run& run, const Template& resolved) {
  const auto head = co_await tools.sources.head(run.repository, run.ref);
  if (!head) co_return std::nullopt;
  Push push;
  push.repository = run.repository;
  push.ref = run.ref;
  push.before = co_await base_of(tools, run, resolved);
  push.after = *head;
  if (push.before == push.after) co_return std::nullopt;
  push.commits = co_await tools.sources.changed(run.repository, push.before, push.after, tools.limit);
  push.total_commits = static_cast<std::int64_t>(push.commits.size());
  const auto delivery = trigger::synthesize(push, DeliveryId(fmt::format("instead-of-run-{}", run.id.value())), tools.time.now());
  const auto verdict = tools.matcher.judge(delivery, push);
  for (const auto& wanted : verdict.runs) {
    if (wanted.template_name == run.template_name) co_return Successor(*head, wanted.parameters);
  }
  co_return std::nullopt;
}

}  // namespace slipway::run

#include "run/completer.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "base/failure.hpp"

namespace slipway::run {
namespace {

constexpr std::size_t most_at_once = 64;
constexpr auto ask_again = std::chrono::seconds(1);   ///< polling interval of the queue; costs one indexed read

/// The delivery as received or, if its bytes are lost, as Gitea would have sent it.
Delivery as_received(const queue::Pending& pending, const Push& push) {
  if (pending.delivery.body) return pending.delivery;
  Delivery made = trigger::synthesize(push, pending.delivery.id, pending.delivery.received);
  made.push = pending.delivery.push;
  return made;
}

}  // namespace

Completer::Completer(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, asio::any_io_executor loop, Log log)
    : queue_(queue), sources_(sources), time_(time), log_(log), absences_(time), forced_(queue, sources, std::move(log)), arrived_(loop) {}

void Completer::use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit, std::chrono::seconds patience) {
  matcher_ = std::move(matcher);
  limit_ = limit;
  patience_ = patience;
}

Task<> Completer::serve() {
  while (true) {
    co_await round();
    arrived_.expires_after(ask_again);
    boost::system::error_code woken;
    co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

Task<> Completer::round() {
  const auto matcher = matcher_;  // a reload may replace it meanwhile
  const auto patient_since = time_.now() - patience_;
  co_await forced_.find(*matcher, absences_, patient_since);
  DeliveryId after;
  bool more = true;
  while (more) {
    const auto resting = absences_.resting();
    const auto some = co_await queue_.pending(after, most_at_once, resting);
    more = some.size() == most_at_once;
    std::set<RepoName> fresh;
    for (const auto& one : some) {
      after = one.delivery.id;
      if (absences_.rests(one.delivery.push.repository)) continue;
      const bool moved_back = co_await attempt(one, fresh);
      if (!moved_back) continue;
      more = true;  // it changed the commit that later ones are compared with: read them again
      break;
    }
  }
}

Task<bool> Completer::attempt(const queue::Pending& pending, std::set<RepoName>& fresh) {
  const RepoName& repository = pending.delivery.push.repository;
  std::string trouble = pending.unreadable;
  bool waits = true;
  try {
    if (trouble.empty()) {
      const bool late = co_await complete(pending, fresh);
      absences_.answered(repository);
      co_return late;
    }
  } catch (const Unavailable& error) {
    trouble = error.what();
  } catch (const Refused& error) {
    trouble = error.what();
    waits = pending.delivery.received > time_.now() - patience_;
  }
  if (waits) absences_.failed(repository);
  log_.warn(waits ? "a push cannot be completed yet" : "a push cannot be completed: its payload decides",
            {{"delivery", pending.delivery.id.value()}, {"repository", repository.value()}, {"error", trouble}});
  if (waits) co_return false;
  const auto verdict = as_sent(pending);
  co_await settle(pending, verdict, true);
  co_return true;
}

Task<bool> Completer::complete(const queue::Pending& pending, std::set<RepoName>& fresh) {
  bool late = false;
  std::optional<Push> push;
  if (matcher_->watches(pending.delivery.push.repository)) {
    late = co_await was_late(pending, fresh);
    push = co_await completed(pending, late);
  }
  const auto verdict = push ? matcher_->judge(as_received(pending, *push), *push) : as_sent(pending);
  co_await settle(pending, verdict, late);
  co_return late;
}

Verdict Completer::as_sent(const queue::Pending& pending) const {
  auto verdict = matcher_->judge(as_received(pending, pending.delivery.push));
  verdict.pending = false;
  return verdict;
}

Task<> Completer::settle(const queue::Pending& pending, const Verdict& verdict, bool moves_nothing) {
  const auto made = co_await queue_.complete(pending.delivery.id, verdict, moves_nothing);
  missed_ += made.size();
  for (const auto& run : made) {
    log_.info("the payload alone would have missed this", {{"delivery", pending.delivery.id.value()}, {"run", run.run.value()}, {"template", run.template_name.value()}});
  }
}

/// Whether this push arrived after a later one: its `after` is an ancestor of the position the branch was seen at, and that position
/// is still on the branch. (After a forced push back to `after` it would not be.)
Task<bool> Completer::was_late(const queue::Pending& pending, std::set<RepoName>& fresh) {
  if (!pending.gap) co_return false;
  const Push& push = pending.delivery.push;
  if (!fresh.contains(push.repository)) co_await sources_.fetch(push.repository);
  fresh.insert(push.repository);
  const bool older = co_await sources_.is_ancestor(push.repository, push.after, pending.base);
  const bool still_there = co_await sources_.on_branch(push.repository, pending.base, push.ref);
  co_return still_there && (older || push.after == pending.base);
}

/// The push with its complete list of commits; nothing if its head no longer exists, so that only the payload can be judged. For a late
/// push the commits from its own `before` suffice: the later ones were judged with the push that brought them.
Task<std::optional<Push>> Completer::completed(const queue::Pending& pending, bool late) {
  Push push = pending.delivery.push;
  const bool known = co_await sources_.contains(push.repository, push.after);
  if (!known) co_await sources_.fetch(push.repository);
  const bool exists = co_await sources_.contains(push.repository, push.after);
  if (!exists) co_return std::nullopt;
  if (!late) push.before = pending.base;
  // A commit that a forced push removed can still be fetched by its id, as long as the server keeps it.
  const bool has_base = co_await sources_.contains(push.repository, push.before);
  if (!has_base && !is_zero_sha(push.before)) co_await sources_.fetch_commit(push.repository, push.before);
  auto commits = co_await sources_.changed(push.repository, push.before, push.after, limit_);
  push.commits = std::move(commits);
  if (pending.gap && !late) {
    auto more = co_await taken_away(pending.delivery.push);
    if (more) push.commits.push_back(std::move(*more));
  }
  push.total_commits = static_cast<std::int64_t>(push.commits.size());
  co_return push;
}

/// For a forced push after a gap: the difference between its own `before` and `after`. `before` may differ from the position seen
/// last, since a late push counts as last seen until it is completed.
Task<std::optional<ChangedCommit>> Completer::taken_away(const Push& push) {
  const bool known = co_await sources_.contains(push.repository, push.before);
  if (!known || push.before == push.after) co_return std::nullopt;
  const bool forward = co_await sources_.is_ancestor(push.repository, push.before, push.after);
  if (forward) co_return std::nullopt;
  auto commits = co_await sources_.changed(push.repository, push.before, push.after, limit_);
  if (commits.empty()) co_return std::nullopt;
  co_return std::move(commits.back());
}

}  // namespace slipway::run

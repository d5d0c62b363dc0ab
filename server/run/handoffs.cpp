#include "run/handoffs.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/failure.hpp"

namespace slipway::run {
namespace {

/// Expiry of timers that exist only to be cancelled as a wake-up. A batch has its own time limits.
constexpr auto for_ever = std::chrono::hours(24 * 365);

constexpr auto until_looked = std::chrono::milliseconds(20);

bool deploys(const RunOutcome& outcome) {
  return std::holds_alternative<HandedOff>(outcome) || std::holds_alternative<Unchanged>(outcome);
}

std::vector<std::string> files_of(const HandOff& wish) {
  std::vector<std::string> files;
  for (const auto& edit : wish.target.values) files.push_back(edit.file);
  return files;
}

/// Notes drift on a run that succeeded in spite of it.
void add_differences(HandedOff& done, const std::vector<std::string>& differences) {
  for (const auto& finding : differences) {
    done.note += (done.note.empty() ? "contract drift: " : "; contract drift: ") + finding;
  }
}

}  // namespace

struct Handoffs::Waiter {
  Waiter(HandOff wish, build::RunLog& log, Clock::time_point now, const asio::any_io_executor& loop)
      : item(std::move(wish), log), since(now), done(loop, for_ever) {}
  HandOffItem item;
  Clock::time_point since;
  asio::steady_timer done;
  bool finished = false;
  std::shared_ptr<LatestTags::Place> place;  ///< in the line for `latest`, if it deploys
};

Handoffs::Handoffs(HandOffTools tools, HandoffSettings settings, build::Registry& registry, DriftWatch& drift, asio::any_io_executor loop)
    : tools_(std::move(tools)), settings_(std::move(settings)), latest_(registry, loop), drift_(drift), loop_(loop), arrived_(loop, for_ever) {}

Task<RunOutcome> Handoffs::hand_off(HandOff wish, build::RunLog& log) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  drift_.add_files(settings_, files_of(wish));
  // Hand-offs that begin before the first comparison must not slip through.
  while (settings_.drift == DriftReaction::block && !drift_.looked()) co_await tools_.time.sleep_for(until_looked);
  if (const auto blocked = drift_.blocks(settings_)) co_return Failed(Stage::handoff, *blocked);
  const auto differences = drift_.contract_differences();  // the push itself will know more of the mirrors
  for (const auto& finding : drift_.differences()) {
    log.note("contract drift: " + finding);
    tools_.log.warn("hand-off in spite of contract drift", {{"run", wish.run.id.value()}, {"finding", finding}});
  }
  const auto waiter = std::make_shared<Waiter>(std::move(wish), log, tools_.time.now(), loop_);
  waiting_.push_back(waiter);
  arrived_.cancel();
  while (!waiter->finished) {
    boost::system::error_code woken;
    co_await waiter->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (waiter->item.failed) std::rethrow_exception(waiter->item.failed);
  RunOutcome outcome = waiter->item.outcome.value();
  if (auto* done = std::get_if<HandedOff>(&outcome)) add_differences(*done, differences);
  if (waiter->place) co_await move_latest(*waiter, log);
  co_return outcome;
}

Task<> Handoffs::serve() {
  while (true) {
    while (waiting_.empty()) {
      arrived_.expires_after(for_ever);
      boost::system::error_code woken;
      co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
    }
    // Counted from the oldest waiter's arrival: it may have waited during the previous push already.
    if (settings_.gather.count() > 0) co_await tools_.time.sleep_until(waiting_.front()->since + settings_.gather);
    co_await push_ready();
  }
}

Task<> Handoffs::push_ready() {
  const auto batch = std::exchange(waiting_, {});
  std::vector<HandOffItem*> items;
  for (const auto& waiter : batch) items.push_back(&waiter->item);
  co_await run::hand_off(tools_, settings_, items);
  for (const auto* item : items) {
    const auto* done = item->outcome ? std::get_if<HandedOff>(&*item->outcome) : nullptr;
    if (done != nullptr) drift_.pushed(done->commit, item->copies);
  }
  for (const auto& waiter : batch) {
    const auto& outcome = waiter->item.outcome;
    if (outcome && deploys(*outcome)) waiter->place = latest_.line_up(waiter->item.what.results.image);
    waiter->finished = true;
    waiter->done.cancel();
  }
}

Task<> Handoffs::move_latest(const Waiter& waiter, build::RunLog& log) {
  const HandOff& wish = waiter.item.what;
  std::string trouble;
  try {
    const bool moved = co_await latest_.move(waiter.place, wish.results.digest);
    if (!moved) log.note(fmt::format("{}:latest is left to a later hand-off", wish.results.image));
  } catch (const Unavailable& error) {
    trouble = error.what();
  } catch (const Refused& error) {
    trouble = error.what();
  }
  // The hand-off is done; `latest` is only a convenience and must not fail the run.
  if (!trouble.empty()) {
    log.note(fmt::format("warning: {}:latest was not moved: {}", wish.results.image, trouble));
    tools_.log.warn("latest was not moved", {{"run", wish.run.id.value()}, {"image", wish.results.image}, {"error", trouble}});
  }
}

}  // namespace slipway::run

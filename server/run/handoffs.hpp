#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>

#include "run/drift_watch.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

/// The one writer to the infra repository: takes all hand-offs that are ready together in one push. Used on the loop.
class Handoffs {
 public:
  Handoffs(HandOffTools tools, HandoffSettings settings, build::Registry& registry, DriftWatch& drift, asio::any_io_executor loop);

  /// Hands off and returns what became of it; then `latest` names the image. Waits for its turn, at most `gather` for company.
  /// Once begun it is not cancelled: the end is always known. Throws Unavailable and Refused as the repositories do.
  Task<RunOutcome> hand_off(HandOff wish, build::RunLog& log);

  /// The writer's own task, to be spawned once; ends when cancelled, after the batch in hand.
  Task<> serve();

 private:
  struct Waiter;
  Task<> push_ready();
  Task<> move_latest(const HandOff& wish, build::RunLog& log);

  HandOffTools tools_;
  HandoffSettings settings_;
  build::Registry& registry_;
  DriftWatch& drift_;
  asio::any_io_executor loop_;
  asio::steady_timer arrived_;
  std::list<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace slipway::run

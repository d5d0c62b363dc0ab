#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>

#include "run/drift_watch.hpp"
#include "run/hand_off.hpp"
#include "run/latest_tags.hpp"

namespace slipway::run {

/// The only writer to the infra repository: pushes all hand-offs that are ready together. Used on the loop.
class Handoffs {
 public:
  Handoffs(HandOffTools tools, HandoffSettings settings, build::Registry& registry, DriftWatch& drift, asio::any_io_executor loop);

  /// Hands off, moves `latest` to the image, and returns the outcome. Waits for the current push, and up to `gather` for others to join.
  /// Not cancellable once begun, so that the outcome is always known. Throws Unavailable and Refused as the repositories do.
  Task<RunOutcome> hand_off(HandOff wish, build::RunLog& log);

  /// The writer's task. Spawn once; ends when cancelled, after the current batch.
  Task<> serve();

 private:
  struct Waiter;
  Task<> push_ready();
  Task<> move_latest(const Waiter& waiter, build::RunLog& log);

  HandOffTools tools_;
  HandoffSettings settings_;
  LatestTags latest_;
  DriftWatch& drift_;
  asio::any_io_executor loop_;
  asio::steady_timer arrived_;
  std::list<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace slipway::run

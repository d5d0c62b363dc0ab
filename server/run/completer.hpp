#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "model/settings.hpp"
#include "queue/queue.hpp"
#include "run/forced_pushes.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Judges pending deliveries again, with the commit list completed from the mirror: those whose payload says that it is incomplete or
/// that followed a gap, and those that Git shows to be forced pushes. An unreachable repository is retried
/// indefinitely, and does not hold up the others. Used on the loop.
class Completer {
 public:
  Completer(queue::Queue& queue, git::SourceMirror& sources, asio::any_io_executor loop, Log log);

  /// Uses this configuration from now on. `limit`: maximum number of commits to complete a push with.
  void use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit);
  /// Call when there is a new pending delivery.
  void wake() { arrived_.cancel(); }
  /// Spawn once; ends when cancelled.
  Task<> serve();

  /// Number of runs that only a completed push asked for, i.e. that the payloads alone would have missed.
  std::uint64_t missed_by_payloads() const noexcept { return missed_; }

 private:
  Task<> round();
  /// Returns whether the push was late. `fresh`: repositories already fetched since these deliveries were read.
  Task<bool> complete(const queue::Pending& pending, std::set<RepoName>& fresh);
  Task<bool> was_late(const queue::Pending& pending, std::set<RepoName>& fresh);
  Task<std::optional<Push>> completed(const queue::Pending& pending, bool late);
  Task<std::optional<ChangedCommit>> taken_away(const Push& push);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  Log log_;
  ForcedPushes forced_;
  asio::steady_timer arrived_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  std::size_t limit_ = 1000;
  int troubles_ = 0;  ///< consecutive rounds with something unreachable, since one that made progress
  std::uint64_t missed_ = 0;
};

}  // namespace slipway::run

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

/// Judges again, with the commits completed from the mirror, the deliveries whose payload did not hold the whole push: those that
/// say so, and those of which Git says that the branch was forced. A repository that can not be reached is asked again without
/// end, and does not hold up the others. Used on the loop.
class Completer {
 public:
  Completer(queue::Queue& queue, git::SourceMirror& sources, asio::any_io_executor loop, Log log);

  /// Decides by this configuration from now on.
  void use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit);
  /// There is a new pending delivery.
  void wake() { arrived_.cancel(); }
  /// To be spawned once; ends when cancelled.
  Task<> serve();

  /// Runs that only a completed push asked for: what the payloads alone would have missed.
  std::uint64_t missed_by_payloads() const noexcept { return missed_; }

 private:
  Task<> round();
  /// True where it was late. `fresh`: the repositories that were fetched after these deliveries had come.
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
  int troubles_ = 0;  ///< rounds in a row in which something could not be reached, since the last one that completed something
  std::uint64_t missed_ = 0;
};

}  // namespace slipway::run

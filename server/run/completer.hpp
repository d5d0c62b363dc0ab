#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>

#include "base/log.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "model/settings.hpp"
#include "queue/queue.hpp"
#include "run/absences.hpp"
#include "run/forced_pushes.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Judges pending deliveries again, with the commit list completed from the mirror: those whose payload says that it is incomplete or
/// that followed a gap, and those that Git shows to be forced pushes. An unreachable repository is retried
/// indefinitely, one that the server refuses to show for as long as a run would wait; neither holds up the others. Used on the loop.
class Completer {
 public:
  Completer(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, asio::any_io_executor loop, Log log);

  /// Uses this configuration from now on. `limit`: maximum number of commits to complete a push with. `patience`: how
  /// long a refused repository is waited for; then the payload decides, and comparing heads makes up for it if the repository comes back.
  void use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit, std::chrono::seconds patience);
  /// Call when there is a new pending delivery.
  void wake() { arrived_.cancel(); }
  /// Spawn once; ends when cancelled.
  Task<> serve();

  /// Number of runs that only a completed push asked for, i.e. that the payloads alone would have missed.
  std::uint64_t missed_by_payloads() const noexcept { return missed_; }

 private:
  Task<> round();
  /// Returns whether the branch is presumed where it was before. `fresh`: repositories already fetched since these deliveries were read.
  Task<bool> attempt(const queue::Pending& pending, std::set<RepoName>& fresh);
  /// Returns whether the push was late.
  Task<bool> complete(const queue::Pending& pending, std::set<RepoName>& fresh);
  Verdict as_sent(const queue::Pending& pending) const;
  Task<> settle(const queue::Pending& pending, const Verdict& verdict, bool moves_nothing);
  Task<bool> was_late(const queue::Pending& pending, std::set<RepoName>& fresh);
  Task<std::optional<Push>> completed(const queue::Pending& pending, bool late);
  Task<std::optional<ChangedCommit>> taken_away(const Push& push);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  io::TimeSource& time_;
  Log log_;
  Absences absences_;
  ForcedPushes forced_;
  asio::steady_timer arrived_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  std::size_t limit_ = 1000;
  std::chrono::seconds patience_{24 * 3600};
  std::uint64_t missed_ = 0;
};

}  // namespace slipway::run

#pragma once

#include <memory>

#include "base/log.hpp"
#include "config/catalogue.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "queue/queue.hpp"
#include "run/completer.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Makes up for deliveries that were lost while the daemon was away or anywhere on their way: compares each watched branch's head
/// with the last one seen, at start and on a schedule, and puts what was missed through the same filters. Used on the loop.
class Reconciler {
 public:
  Reconciler(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, Completer& completer, Log log);

  void use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit);
  /// Looks now, and then every `every`; ends when cancelled.
  Task<> serve(std::chrono::seconds every);

 private:
  Task<> look();
  Task<> look_at(const RepoName& repository);
  Task<std::optional<CommitSha>> last_seen(const RepoName& repository);
  Task<> accept_missed(const RepoName& repository, const CommitSha& before, const CommitSha& after);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  io::TimeSource& time_;
  Completer& completer_;
  Log log_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  std::size_t limit_ = 1000;
};

}  // namespace slipway::run

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/catalogue.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "queue/queue.hpp"
#include "run/completer.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// Makes up for deliveries lost in transit or while the daemon was down: compares each watched branch's head
/// with the last one seen, at start and periodically, and judges what was missed by the same filters. Used on the loop.
class Reconciler {
 public:
  Reconciler(queue::Queue& queue, git::SourceMirror& sources, io::TimeSource& time, Completer& completer, Log log);

  void use(std::shared_ptr<const trigger::Matcher> matcher, std::size_t limit);
  /// Compares now and then at every interval `every`, or sooner after a failure; ends when cancelled.
  Task<> serve(std::chrono::seconds every);

 private:
  /// A branch whose head has apparently not been reported by any delivery.
  struct Behind {
    Behind(RepoName name, CommitSha last, CommitSha commit)
        : repository(std::move(name)), seen(std::move(last)), head(std::move(commit)) {}
    RepoName repository;
    CommitSha seen, head;
  };
  Task<bool> look();
  Task<bool> tried(RepoName repository, Task<bool> what);
  Task<bool> compare(RepoName repository, std::vector<Behind>& behind);
  Task<bool> catch_up(Behind behind);
  Task<std::vector<RepoName>> watched();
  Task<> accept_missed(const RepoName& repository, const CommitSha& before, const CommitSha& after);

  queue::Queue& queue_;
  git::SourceMirror& sources_;
  io::TimeSource& time_;
  Completer& completer_;
  Log log_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  std::size_t limit_ = 1000;
  std::map<RepoName, std::string> troubles_;  ///< why a repository could not be compared last; logged when it changes
};

}  // namespace slipway::run

#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <variant>

#include "build/executor.hpp"
#include "config/catalogue.hpp"
#include "git/source_mirror.hpp"
#include "io/time.hpp"
#include "model/settings.hpp"
#include "queue/queue.hpp"
#include "run/handoffs.hpp"
#include "trigger/match.hpp"

namespace slipway::run {

/// What performing a run needs; the references must outlive it.
struct PerformTools {
  queue::Queue& queue;
  git::SourceMirror& sources;
  build::Executor& executor;
  Handoffs& handoffs;
  asio::thread_pool& files;
  io::TimeSource& time;
  Log log;
};

/// A run's progress, shared between its Performer and the Dispatcher that may stop it.
struct Progress {
  explicit Progress(Stage begin) : at(begin) {}
  Stage at;              ///< current stage, to report where a failure happened
  bool stopped = false;  ///< set to cancel the run
};

/// Takes one claimed run through its stages: checkout → check and build → hand-off. The pushed image is recorded durably before the
/// hand-off begins; a restarted run does not repeat stages whose results it has.
class Performer {
 public:
  Performer(PerformTools tools, std::shared_ptr<const config::Catalogue> catalogue, std::shared_ptr<const trigger::Matcher> matcher,
            const Settings& settings)
      : tools_(std::move(tools)), catalogue_(std::move(catalogue)), matcher_(std::move(matcher)), settings_(settings) {}

  /// Performs the run and returns its outcome. Keeps `progress.at` up to date. A run with `progress.stopped` is not handed off, even if
  /// no cancellation reached it. Throws Unavailable and Refused as the servers do, and operation_aborted when cancelled.
  Task<RunOutcome> perform(const queue::Claim& claim, build::RunLog& log, Progress& progress);
  /// The first of these runs that builds a proper descendant of the run's commit; for `on_newer: cancel`.
  Task<std::optional<RunId>> later_than(const Run& run, const std::vector<queue::Rival>& others);

 private:
  Task<> hide_passwords(build::RunLog& log);
  Task<RunOutcome> go_through_stages(const queue::Claim& claim, const Template& resolved, build::RunLog& log, Progress& progress);
  Task<std::optional<RunOutcome>> fetch(const Run& run, build::RunLog& log);
  Task<std::optional<RunOutcome>> overtaken(const queue::Claim& claim, const Template& resolved);
  Task<std::optional<RunOutcome>> order_rivals(const queue::Claim& claim);
  Task<std::variant<BuildResults, RunOutcome>> build(const queue::Claim& claim, const Template& resolved, build::RunLog& log, Progress& progress);
  Task<build::BuildOrder> order(const queue::Claim& claim, const Template& resolved, std::filesystem::path source);
  Task<RunOutcome> hand_off(const Run& run, const Template& resolved, const BuildResults& results, build::RunLog& log);

  PerformTools tools_;
  std::shared_ptr<const config::Catalogue> catalogue_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  const Settings& settings_;
};

}  // namespace slipway::run

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

/// What a run is performed with. All outlive it.
struct PerformTools {
  queue::Queue& queue;
  git::SourceMirror& sources;
  build::Executor& executor;
  Handoffs& handoffs;
  asio::thread_pool& files;
  io::TimeSource& time;
  Log log;
};

/// How far a run is: written by who performs it, and by who stops it.
struct Progress {
  explicit Progress(Stage begin) : at(begin) {}
  Stage at;              ///< to say where an accident happened
  bool stopped = false;  ///< it is being cancelled
};

/// Takes one claimed run through its stages: checkout → check and build → hand-off. The pushed image is durable before the
/// hand-off begins; what a run that starts again has already got, it does not do again.
class Performer {
 public:
  Performer(PerformTools tools, std::shared_ptr<const config::Catalogue> catalogue, std::shared_ptr<const trigger::Matcher> matcher,
            const Settings& settings)
      : tools_(std::move(tools)), catalogue_(std::move(catalogue)), matcher_(std::move(matcher)), settings_(settings) {}

  /// Returns how the run ends. `progress.at` is kept up to date; a run that was stopped is not handed off, also where no
  /// cancellation reached it. Throws Unavailable and Refused as servers do, and operation_aborted when it is cancelled.
  Task<RunOutcome> perform(const queue::Claim& claim, build::RunLog& log, Progress& progress);
  /// The first of these runs that builds a proper descendant of the run's commit, for `on_newer: cancel`.
  Task<std::optional<RunId>> later_than(const Run& run, const std::vector<queue::Rival>& others);

 private:
  Task<> hide_passwords(build::RunLog& log);
  Task<RunOutcome> go_through_stages(const queue::Claim& claim, const Template& resolved, build::RunLog& log, Progress& progress);
  Task<std::optional<RunOutcome>> fetch(const Run& run, build::RunLog& log);
  Task<std::optional<RunOutcome>> overtaken(const queue::Claim& claim, const Template& resolved);
  Task<std::optional<RunOutcome>> order_rivals(const queue::Claim& claim);
  Task<std::variant<BuildResults, RunOutcome>> build(const queue::Claim& claim, const Template& resolved, build::RunLog& log, Progress& progress);
  Task<build::BuildOrder> order(const Run& run, const Template& resolved, std::filesystem::path source);
  Task<RunOutcome> hand_off(const Run& run, const Template& resolved, const BuildResults& results, build::RunLog& log);

  PerformTools tools_;
  std::shared_ptr<const config::Catalogue> catalogue_;
  std::shared_ptr<const trigger::Matcher> matcher_;
  const Settings& settings_;
};

}  // namespace slipway::run

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "build/run_logs.hpp"
#include "io/task_group.hpp"
#include "io/time.hpp"
#include "run/control.hpp"
#include "run/performer.hpp"

namespace slipway::run {

/// Claims runs as the queue offers them and performs each in its own, separately cancellable coroutine. A run's outcome is always
/// recorded: an infrastructure failure postpones it, up to the retry limits; anything else ends it. Used on the loop.
class Dispatcher final : public Control {
 public:
  Dispatcher(queue::Queue& queue, build::RunLogs& logs, io::TimeSource& time, asio::any_io_executor loop, Log log);
  ~Dispatcher() override;

  /// Sets what new runs are performed with; running ones keep what they have.
  void use(std::shared_ptr<Performer> performer, std::shared_ptr<const config::Catalogue> catalogue, schedule::RetryPolicy retries);

  /// Claims and starts runs until drain() is called. Spawn once.
  Task<> serve();
  /// Starts nothing more, and waits for the running runs, for `limit` at most.
  Task<> drain(std::chrono::seconds limit);
  /// After drain(): interrupts the runs that are left and returns them to the queue.
  Task<> put_back();

  Task<std::optional<Denial>> cancel(RunId run) override;
  Task<std::optional<Denial>> retry(RunId run, RetryOptions options) override;
  Task<std::optional<Denial>> release(TemplateName name) override;

  /// `observer` is called for every run that starts or ends, with `running` or the outcome's name.
  void observe(std::function<void(const Run&, std::string_view)> observer) { observer_ = std::move(observer); }

  std::size_t running() const noexcept { return active_.size(); }

 private:
  struct Active;
  void start(queue::Claim claim);
  Task<> work_on(std::shared_ptr<Active> active);
  Task<RunOutcome> outcome_of(Active& active, build::RunLog& log);
  static RunOutcome meant_by(const Active& active);
  RunOutcome after_accident(const Active& active, WaitingFor what, const std::string& words) const;
  Task<bool> write_once(const queue::Lease& lease, const RunOutcome& outcome);
  Task<> write_end(queue::Lease lease, RunOutcome outcome);
  Task<> watch_for_newer(std::shared_ptr<Active> active);
  void stop(Active& active, RunOutcome instead);

  queue::Queue& queue_;
  build::RunLogs& logs_;
  io::TimeSource& time_;
  asio::any_io_executor loop_;
  Log log_;
  io::TaskGroup notes_;  ///< stage records on their way to the queue
  std::shared_ptr<Performer> performer_;
  std::shared_ptr<const config::Catalogue> catalogue_;
  schedule::RetryPolicy retries_;
  std::function<void(const Run&, std::string_view)> observer_;
  std::map<RunId, std::shared_ptr<Active>> active_;
  asio::steady_timer emptied_;
  bool draining_ = false;
};

}  // namespace slipway::run

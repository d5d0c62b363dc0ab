#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "build/http_registry.hpp"
#include "build/local/executor.hpp"
#include "build/run_logs.hpp"
#include "config/load.hpp"
#include "git/infra_remote.hpp"
#include "git/mirrors.hpp"
#include "git/pull_requests.hpp"
#include "http/events.hpp"
#include "http/metrics.hpp"
#include "http/operator_api.hpp"
#include "http/receiver.hpp"
#include "http/server.hpp"
#include "io/file_lock.hpp"
#include "io/process.hpp"
#include "io/task_group.hpp"
#include "queue/open.hpp"
#include "run/cleaner.hpp"
#include "run/completer.hpp"
#include "run/dispatcher.hpp"
#include "run/handoffs.hpp"
#include "run/reconciler.hpp"
#include "trigger/match.hpp"

namespace slipway::app {

/// The daemon's composition root: the only place that names concrete classes. Members depend only on members above them, and so are
/// destroyed before what they depend on.
class Daemon {
 public:
  Daemon(config::Config config, bool shadow, Log log);
  /// Serves until SIGTERM or SIGINT, then drains; a second one ends the process at once. SIGHUP reloads the configuration.
  void run();

  /// What a reload reads.
  struct Fresh {
    config::Config config;
    http::Secrets secrets;
  };

 private:
  Task<> watch_signals();
  Task<> drain();
  Task<> work();
  Task<> settle();
  void start_services();
  void use(const config::Config& config);
  Task<> reload();
  void take_over(Fresh fresh);
  http::Operations operations();
  std::vector<std::string> values_files() const;

  Log log_;
  config::Config config_;
  bool shadow_;
  io::FileLock lock_;
  asio::io_context loop_{1};
  io::SystemTime time_;
  asio::thread_pool files_{2};  ///< file work and large bodies
  io::SystemProcesses processes_;
  io::HttpClient http_client_;
  http::Metrics metrics_;
  http::Events events_;

  queue::Opened store_;
  build::RunLogs logs_;
  build::HttpRegistry registry_;
  build::LocalExecutor executor_;
  std::shared_ptr<git::CancelFlag> stop_git_ = std::make_shared<git::CancelFlag>();
  std::unique_ptr<git::SourceMirror> sources_;
  std::unique_ptr<git::GitRemote> infra_;

  git::PullRequests pulls_;
  run::DriftWatch drift_;
  run::Handoffs handoffs_;
  run::Dispatcher dispatcher_;
  run::Completer completer_;
  run::Reconciler reconciler_;
  run::Cleaner cleaner_;
  std::shared_ptr<const trigger::Matcher> matcher_;  ///< replaced on reload; other threads read it with std::atomic_load

  http::Receiver receiver_;
  http::Server webhook_;
  http::OperatorApi api_;
  http::Server operator_;
  io::TaskGroup services_;
  io::TaskGroup signals_;
  std::string not_ready_ = "starting";
};

}  // namespace slipway::app

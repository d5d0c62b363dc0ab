#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "base/log.hpp"
#include "build/run_logs.hpp"
#include "io/time.hpp"
#include "queue/queue.hpp"

namespace slipway::run {

/// Retention: removes the logs and workspaces of expired runs, then the runs themselves, then old deliveries. Used on the loop.
class Cleaner {
 public:
  Cleaner(queue::Queue& queue, build::RunLogs& logs, std::filesystem::path work, asio::thread_pool& files, io::TimeSource& time, Log log);
  /// Cleans up now and then at every interval `every`; ends when cancelled.
  Task<> serve(std::chrono::seconds every);

 private:
  Task<> clean();
  queue::Queue& queue_;
  build::RunLogs& logs_;
  std::filesystem::path work_;
  asio::thread_pool& files_;
  io::TimeSource& time_;
  Log log_;
};

}  // namespace slipway::run

#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>

#include "io/task.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// Checkpoints the write-ahead log on a thread of its own, because doing it on the writer would stall that for tens of milliseconds
/// every few thousand deliveries. SQLite restarts the log at its beginning only when a transaction finds all of it checkpointed: once
/// the log is long, further rounds move what was written meanwhile, and the writer moves the small remainder itself. That delays
/// the answers waiting for it, so it is done rarely. Used by the writer thread.
class Checkpointer {
 public:
  explicit Checkpointer(const std::filesystem::path& database);
  ~Checkpointer();

  /// Call between two transactions of `writer`.
  void after_commit(Database& writer);

 private:
  void move();

  Database database_;
  std::future<int> moving_;  ///< number of log pages checkpointed
  int moved_ = 0;            ///< log pages checkpointed, as last reported
  int rounds_ = 0;           ///< rounds spent on the present long log
  asio::thread_pool thread_{1};
};

}  // namespace slipway::queue::sqlite

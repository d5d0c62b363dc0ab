#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>

#include "io/task.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// Moves what is in the write-ahead log to the database beside the writer, which would otherwise stand still for tens of
/// milliseconds every few thousand deliveries. What has come meanwhile is moved in further rounds; the last little is moved by the
/// writer: only then does the log begin again at its start. Used by the writer thread.
class Checkpointer {
 public:
  explicit Checkpointer(const std::filesystem::path& database);
  ~Checkpointer();

  /// To be called between two transactions of `writer`.
  void after_commit(Database& writer);

 private:
  void move();

  Database database_;
  std::future<int> moving_;  ///< how many of the log's pages are moved
  int rounds_ = 0;           ///< that have not been the last one
  asio::thread_pool thread_{1};
};

}  // namespace slipway::queue::sqlite

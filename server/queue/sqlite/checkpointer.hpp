#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>

#include "io/task.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// Moves what is in the write-ahead log to the database beside the writer, which would otherwise stand still for tens of
/// milliseconds every few thousand deliveries. When the log is long it is to begin again at its start, and does so where a
/// transaction finds all of it moved: what has come meanwhile is moved in further rounds, the last little by the writer. That
/// makes those wait who are answered then, so it is done seldom. Used by the writer thread.
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
  int moved_ = 0;            ///< as far as is known
  int rounds_ = 0;           ///< for a long log, that have not been the last one
  asio::thread_pool thread_{1};
};

}  // namespace slipway::queue::sqlite

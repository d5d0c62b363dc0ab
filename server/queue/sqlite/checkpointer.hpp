#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>

#include "io/task.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// Moves what is in the write-ahead log to the database beside the writer, which would otherwise stand still for tens of
/// milliseconds every few thousand deliveries. When the bulk is moved, the writer moves the little that has come meanwhile: only then
/// does the log begin again at its start. Used by the writer thread.
class Checkpointer {
 public:
  explicit Checkpointer(const std::filesystem::path& database);
  ~Checkpointer();

  /// To be called between two transactions of `writer`.
  void after_commit(Database& writer);

 private:
  Database database_;
  std::future<void> moving_;
  asio::thread_pool thread_{1};
};

}  // namespace slipway::queue::sqlite

#include "queue/sqlite/checkpointer.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int some_pages = 2000;  ///< 8 MiB: what is moved at a time, so that the disk is never kept long
constexpr int many_pages = 6000;  ///< 24 MiB: the log is to begin again at its start
constexpr int few_pages = 250;    ///< a millisecond's work
constexpr int most_rounds = 8;
constexpr int niceness = 10;

// How many of the log's pages are moved.
int checkpoint(Database& database) {
  try {
    return database.checkpoint();
  } catch (const Unavailable&) {
    // The log keeps everything meanwhile; the next one tries again, and a transaction that finds no room says so.
    return 0;
  }
}

}  // namespace

Checkpointer::Checkpointer(const std::filesystem::path& database) : database_(database, Database::Mode::read_write) {
  database_.script("PRAGMA synchronous = FULL");
  database_.script("PRAGMA cache_size = -200");
  // Nobody waits for it; on a machine with few processors, answers would wait for their turn behind it.
  asio::post(thread_, [] { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness); });
}

Checkpointer::~Checkpointer() { thread_.join(); }

void Checkpointer::after_commit(Database& writer) {
  const int in_log = writer.log_pages();
  if (in_log < moved_) moved_ = 0;  // it has begun again
  if (!moving_.valid()) {
    if (in_log - moved_ >= some_pages) move();
    return;
  }
  if (moving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  moved_ = moving_.get();
  if (in_log < many_pages) return;
  if (in_log - moved_ > few_pages && ++rounds_ < most_rounds) {
    move();
  } else {
    rounds_ = 0;
    moved_ = checkpoint(writer);
  }
}

void Checkpointer::move() {
  std::packaged_task<int()> move([this] { return checkpoint(database_); });
  moving_ = move.get_future();
  asio::post(thread_, std::move(move));
}

}  // namespace slipway::queue::sqlite

#include "queue/sqlite/checkpointer.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int some_pages = 2000;  ///< 8 MiB: checkpointed at a time, so that the disk is never busy for long
constexpr int many_pages = 6000;  ///< 24 MiB: time to restart the log at its beginning
constexpr int few_pages = 250;    ///< about 1 ms of work
constexpr int most_rounds = 8;
constexpr int niceness = 10;

// Returns how many pages of the log have been checkpointed.
int checkpoint(Database& database) {
  try {
    return database.checkpoint();
  } catch (const Unavailable&) {
    // Nothing is lost: the log keeps everything and the next checkpoint retries. If the disk is full, the next transaction reports it.
    return 0;
  }
}

}  // namespace

Checkpointer::Checkpointer(const std::filesystem::path& database) : database_(database, Database::Mode::read_write) {
  database_.script("PRAGMA synchronous = FULL");
  database_.script("PRAGMA cache_size = -200");
  // Nobody awaits this thread; at normal priority it would delay answers on a machine with few CPUs.
  asio::post(thread_, [] { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness); });
}

Checkpointer::~Checkpointer() { thread_.join(); }

void Checkpointer::after_commit(Database& writer) {
  const int in_log = writer.log_pages();
  if (in_log < moved_) moved_ = 0;  // the log has restarted
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

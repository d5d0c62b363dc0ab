#include "queue/sqlite/checkpointer.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int enough_pages = 4000;  ///< 16 MiB
constexpr int few_pages = 250;      ///< a millisecond's work
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
  if (!moving_.valid()) {
    if (writer.log_pages() >= enough_pages) move();
    return;
  }
  if (moving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  const int left = writer.log_pages() - moving_.get();
  if (left > few_pages && ++rounds_ < most_rounds) {
    move();
  } else {
    rounds_ = 0;
    checkpoint(writer);
  }
}

void Checkpointer::move() {
  std::packaged_task<int()> move([this] { return checkpoint(database_); });
  moving_ = move.get_future();
  asio::post(thread_, std::move(move));
}

}  // namespace slipway::queue::sqlite

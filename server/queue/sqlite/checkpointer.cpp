#include "queue/sqlite/checkpointer.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int enough_pages = 4000;  ///< 16 MiB
constexpr int niceness = 10;

void checkpoint(Database& database) {
  try {
    database.script("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const Unavailable&) {
    // The log keeps everything meanwhile; the next one tries again, and a transaction that finds no room says so.
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
  if (moving_.valid()) {
    if (moving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    moving_ = {};
    checkpoint(writer);
  } else if (writer.log_pages() >= enough_pages) {
    std::packaged_task<void()> move([this] { checkpoint(database_); });
    moving_ = move.get_future();
    asio::post(thread_, std::move(move));
  }
}

}  // namespace slipway::queue::sqlite

#include "queue/sqlite/checkpointer.hpp"

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int enough_pages = 4000;  ///< 16 MiB

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

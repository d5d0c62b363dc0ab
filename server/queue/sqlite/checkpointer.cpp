#include "queue/sqlite/checkpointer.hpp"

#include <boost/asio/post.hpp>
#include <chrono>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr int enough_pages = 8'000;  ///< 31 MiB: each time, transactions wait for the disk a little longer
constexpr int few_pages = 256;       ///< so many the writer moves in passing
constexpr int most_passes = 6;

/// Moves what nobody reads any more into the database; returns how many pages are left.
std::int64_t checkpoint(Database& database) {
  try {
    auto moved = database.query("PRAGMA wal_checkpoint(PASSIVE)");
    return moved.next() ? moved.integer(1) - moved.integer(2) : 0;
  } catch (const Unavailable&) {
    // The log keeps everything meanwhile; the next one tries again, and a transaction that finds no room says so.
    return 0;
  }
}

/// What the writer appended during one pass is moved by the next.
void checkpoint_nearly_all(Database& database) {
  for (int pass = 0; pass < most_passes; ++pass) {
    if (checkpoint(database) <= few_pages) return;
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
    std::packaged_task<void()> move([this] { checkpoint_nearly_all(database_); });
    moving_ = move.get_future();
    asio::post(thread_, std::move(move));
  }
}

}  // namespace slipway::queue::sqlite

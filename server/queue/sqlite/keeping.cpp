#include <unistd.h>

#include <algorithm>

#include "queue/sqlite/store.hpp"

namespace slipway::queue::sqlite {

void Store::forget(const std::vector<RunId>& runs) {
  if (runs.empty()) return;
  for (const RunId run : runs) {
    // The operator may have requeued it since it was listed as expired.
    if (database_.run("DELETE FROM runs WHERE id = ? AND place IS NULL", run.value()) == 0) continue;
    database_.run("DELETE FROM stages WHERE run = ?", run.value());
  }
  note_given();
}

/// Records the largest numbers given so far: the newest rows may be among those removed, and no number may be given twice.
void Store::note_given() { database_.run("UPDATE given SET delivery = ?, run = ?", next_delivery_ - 1, next_run_ - 1); }

std::optional<std::int64_t> Store::clean_deliveries(std::int64_t from, Clock::time_point now, Cleaned& cleaned) {
  constexpr std::size_t stretch = 1000;
  const auto keep = std::max(options_.keep_deliveries, options_.keep_keys);
  std::vector<std::int64_t> going;
  std::size_t seen = 0;
  std::int64_t last = from;
  {
    auto row = database_.query(
        "SELECT number, stored, pending, first_run, runs, first_later, later FROM deliveries WHERE number > ? "
        "ORDER BY number LIMIT ?", from, stretch);
    while (row.next()) {
      if (row.time(1) > now - keep) break;
      ++seen;
      last = row.integer(0);
      if (row.integer(2) != 0) continue;
      auto kept = database_.query("SELECT 1 FROM runs WHERE (id >= ?1 AND id < ?1 + ?2) OR (id >= ?3 AND id < ?3 + ?4)",
                                  row.integer(3), row.integer(4), row.integer(5), row.integer(6));
      if (!kept.next()) going.push_back(last);
    }
  }
  for (const std::int64_t number : going) database_.run("DELETE FROM deliveries WHERE number = ?", number);
  if (!going.empty()) note_given();
  cleaned.deliveries += going.size();
  if (seen < stretch) return std::nullopt;
  return last;
}

std::vector<std::int64_t> Store::clean_segments(Clock::time_point now) {
  for (const std::int64_t segment : list_segments(directory_)) {
    if (segment >= segments_.current()) continue;
    database_.run("INSERT OR IGNORE INTO segments(number, completed) VALUES(?, ?)", segment, now);
  }
  std::vector<std::int64_t> going;
  {
    auto row = database_.query("SELECT number FROM segments WHERE completed <= ? ORDER BY number", now - options_.keep_deliveries);
    while (row.next()) {
      if (!is_pinned(row.integer(0))) going.push_back(row.integer(0));
    }
  }
  for (const std::int64_t segment : going) database_.run("DELETE FROM segments WHERE number = ?", segment);
  return going;
}

bool Store::is_pinned(std::int64_t segment) {
  auto row = database_.query("SELECT 1 FROM deliveries INDEXED BY deliveries_pending WHERE pending = 1 AND segment = ? LIMIT 1",
                             segment);
  return row.next();
}

std::uint64_t Store::remove_segment(std::int64_t segment) noexcept {
  std::error_code error;
  const auto name = segment_file(directory_, segment);
  const auto size = std::filesystem::file_size(name, error);
  std::filesystem::remove(name, error);
  return error ? 0 : size;
}

void Store::trim_bodies() {
  const auto allowed = static_cast<std::int64_t>(std::max<std::uint64_t>(options_.max_bodies / options_.segment_size, 1));
  while (seen_segment_ - oldest_segment_ + 1 > allowed && oldest_segment_ < seen_segment_) {
    if (!is_pinned(oldest_segment_)) remove_segment(oldest_segment_);
    ++oldest_segment_;
  }
}

bool Store::vacuum_some() {
  database_.script("PRAGMA incremental_vacuum(256)");
  auto row = database_.query("PRAGMA freelist_count");
  row.next();
  return row.integer(0) > 0;
}

}  // namespace slipway::queue::sqlite

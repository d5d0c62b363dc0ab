#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/log.hpp"
#include "io/time.hpp"
#include "queue/queue.hpp"
#include "queue/run_reader.hpp"
#include "schedule/retention.hpp"

namespace slipway::queue {

/// The bounds of a queue.
struct Options {
  Options() = default;
  schedule::Policy policy;
  schedule::Retention retention;
  std::chrono::seconds keep_deliveries{std::chrono::hours(24 * 30)};  ///< bodies and verdicts
  std::chrono::seconds keep_keys{std::chrono::hours(24 * 30)};        ///< what recognises duplicates, at least this long
  bool complete_commits = true;                   ///< false: a gap is recorded, but makes nothing pending
  std::uint64_t max_bodies = 4ull << 30;          ///< bytes of segments; the oldest go first
  std::uint64_t segment_size = 64ull << 20;       ///< bytes
  std::size_t max_waiting = 4096;                 ///< operations; beyond it Unavailable
  std::uint64_t max_waiting_bytes = 256ull << 20; ///< of bodies on their way
  std::size_t max_records = 160;                  ///< unawaited ones, some 20 KB each
  std::chrono::milliseconds record_delay{50};     ///< a record() alone waits so long for company
};

struct Opened {
  std::unique_ptr<Queue> queue;       ///< owns the writer thread; destroy it after the loop has no task in it any more
  std::unique_ptr<RunReader> reader;
};

/// Opens or creates the database in `directory` (which is locked by the caller), puts what a dead daemon left running back
/// into the queue, and starts the writer thread. Results are delivered on `loop`. Blocks; throws Unavailable when the disk does
/// not let it, Refused when the database is of a newer slipway.
Opened open_sqlite(const std::filesystem::path& directory, const Options& options, asio::any_io_executor loop,
                   io::TimeSource& time, Log log);

}  // namespace slipway::queue

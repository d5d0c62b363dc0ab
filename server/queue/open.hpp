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

/// A queue's policy, retention and size limits.
struct Options {
  Options() = default;
  schedule::Policy policy;
  schedule::Retention retention;
  std::chrono::seconds keep_deliveries{std::chrono::hours(24 * 30)};  ///< for bodies and verdicts
  std::chrono::seconds keep_keys{std::chrono::hours(24 * 30)};        ///< how long duplicates are recognised, at least
  bool complete_commits = true;                   ///< false: gaps are recorded, but make nothing pending
  std::uint64_t max_bodies = 4ull << 30;          ///< bytes of segment files; the oldest are deleted first
  std::uint64_t segment_size = 64ull << 20;       ///< bytes
  std::size_t max_waiting = 4096;                 ///< awaited operations; beyond that, Unavailable
  std::uint64_t max_waiting_bytes = 256ull << 20; ///< bytes of bodies not on disk yet
  std::size_t max_records = 160;                  ///< record()s not on disk yet, about 20 KB each
  std::chrono::milliseconds record_delay{50};     ///< how long record()s alone are held back to share a transaction
};

struct Opened {
  std::unique_ptr<Queue> queue;       ///< owns the writer thread; destroy it only once no task on the loop uses it
  std::unique_ptr<RunReader> reader;
};

/// Opens or creates the database in `directory` (which the caller has locked), requeues the runs that a dead daemon left running,
/// and starts the writer thread. Results are delivered on `loop`. Blocks; throws Unavailable if the disk fails or is full, Refused
/// if a newer slipway wrote the database.
Opened open_sqlite(const std::filesystem::path& directory, const Options& options, asio::any_io_executor loop,
                   io::TimeSource& time, Log log);

}  // namespace slipway::queue

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "build/run_log.hpp"
#include "io/task.hpp"
#include "io/time.hpp"

namespace slipway::build {

/// Called on the loop for every stage that begins (`finished` unset) or ends.
using StageObserver = std::function<void(const StageRecord&)>;

/// The logs of all runs: `<folder>/<run>.log`, one line per entry:
///
///     2026-11-23T00:33:06.123Z build out STEP 2/3: RUN make
///
/// time in UTC, stage, stream (`out`, `err`, `note`), text. A restarted run appends. Used on the loop.
class RunLogs {
 public:
  /// `limit`: maximum size of one run's log in bytes. Beyond it the beginning and the end are kept, with a note between them saying
  /// how much was left out.
  RunLogs(std::filesystem::path folder, std::uint64_t limit, const io::TimeSource& time);
  ~RunLogs();
  RunLogs(const RunLogs&) = delete;
  RunLogs& operator=(const RunLogs&) = delete;

  /// Opens the run's log for writing. It is live until the returned object is destroyed.
  std::unique_ptr<RunLog> begin(RunId run, StageObserver observer);

  /// True while it is being written.
  bool is_live(RunId run) const;
  /// The log's path; the file need not exist.
  std::filesystem::path file(RunId run) const;
  /// Bytes written to the file so far.
  std::uint64_t size(RunId run) const;
  /// Waits until the log is longer than `seen` bytes or no longer live.
  Task<> wait_for_more(RunId run, std::uint64_t seen);
  /// Deletes a finished run's log.
  void remove(RunId run);

 private:
  struct Live;
  class Writer;
  std::filesystem::path folder_;
  std::uint64_t limit_;
  const io::TimeSource& time_;
  std::map<RunId, std::shared_ptr<Live>> live_;
};

}  // namespace slipway::build

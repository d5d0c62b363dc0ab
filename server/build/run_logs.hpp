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

/// Told of every begun (`finished` unset) and every ended stage, on the loop.
using StageObserver = std::function<void(const StageRecord&)>;

/// The logs of all runs: `<folder>/<run>.log`, one line an entry:
///
///     2026-11-23T00:33:06.123Z build out STEP 2/3: RUN make
///
/// time in UTC, stage, stream (`out`, `err`, `note`), text. A run that starts again appends. Used on the loop.
class RunLogs {
 public:
  /// `limit`: bytes of one run's log. Beyond it the beginning and the end are kept, and a note between them says how much
  /// was left out.
  RunLogs(std::filesystem::path folder, std::uint64_t limit, const io::TimeSource& time);
  ~RunLogs();
  RunLogs(const RunLogs&) = delete;
  RunLogs& operator=(const RunLogs&) = delete;

  /// Opens the run's log for writing. It is live until the returned object is destroyed.
  std::unique_ptr<RunLog> begin(RunId run, StageObserver observer);

  /// True while somebody writes to it.
  bool is_live(RunId run) const;
  /// The file; it need not exist.
  std::filesystem::path file(RunId run) const;
  /// Bytes written so far, also to be seen in the file.
  std::uint64_t size(RunId run) const;
  /// Waits until the log is longer than `seen` bytes or is live no more.
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

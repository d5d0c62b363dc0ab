#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>

namespace slipway::build {

/// An append-only file of bounded size that keeps its beginning and its end: seven eighths of the limit go to the file as
/// they come; of what follows only the last eighth is remembered, and written when the log is closed. A disk that is full
/// costs lines, never the run.
class LogFile {
 public:
  /// Creates the file with mode 0600, or appends to it. Throws Unavailable where it can not be opened.
  LogFile(const std::filesystem::path& file, std::uint64_t limit);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// One line with its `\n`.
  void append(std::string line);
  /// Writes the remembered end, with a line before it that says how much is missing. `prefix` begins that line.
  void finish(const std::string& prefix);
  /// True once lines are only remembered.
  bool is_full() const noexcept { return full_; }
  std::uint64_t size() const noexcept { return size_; }

 private:
  bool put(const std::string& line);
  int file_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  bool full_ = false;
  std::deque<std::string> end_;
  std::uint64_t end_bytes_ = 0;
  std::uint64_t dropped_lines_ = 0, dropped_bytes_ = 0;
};

}  // namespace slipway::build

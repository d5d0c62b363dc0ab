#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>

namespace slipway::build {

/// An append-only file of bounded size that keeps its beginning and its end: the first seven eighths of the limit are written
/// directly; of the rest, only the last eighth is kept in memory, and written by finish(). A full disk
/// loses lines, but never fails the run.
class LogFile {
 public:
  /// Creates the file with mode 0600, or appends to it. `limit` in bytes. Throws Unavailable if it cannot be opened.
  LogFile(const std::filesystem::path& file, std::uint64_t limit);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// Appends one line, including its `\n`.
  void append(std::string line);
  /// Writes the end kept in memory, preceded by a line, starting with `prefix`, that says how much was left out.
  void finish(const std::string& prefix);
  /// True once lines are only kept in memory.
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

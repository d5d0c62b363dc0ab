#include "build/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/failure.hpp"

namespace slipway::build {

LogFile::LogFile(const std::filesystem::path& file, std::uint64_t limit)
    : file_(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)), limit_(limit) {
  const std::error_code error(errno, std::generic_category());
  if (file_ < 0) throw_unavailable(fmt::format("cannot open the log {}: {}", file.string(), error.message()), error);
  struct stat status {};
  if (::fstat(file_, &status) == 0) size_ = static_cast<std::uint64_t>(status.st_size);
  full_ = size_ >= limit_ - limit_ / 8;
}

LogFile::~LogFile() { ::close(file_); }

bool LogFile::put(const std::string& line) {
  // Written on the loop: one line to the page cache is not worth a thread, and lines stay in order.
  const ssize_t written = ::write(file_, line.data(), line.size());
  if (written < 0) return false;
  size_ += static_cast<std::uint64_t>(written);
  return static_cast<std::size_t>(written) == line.size();
}

void LogFile::append(std::string line) {
  full_ = full_ || size_ + line.size() > limit_ - limit_ / 8;
  if (!full_) {
    if (!put(line)) ++dropped_lines_, dropped_bytes_ += line.size();
    return;
  }
  end_bytes_ += line.size();
  end_.push_back(std::move(line));
  while (end_bytes_ > limit_ / 8 && !end_.empty()) {
    end_bytes_ -= end_.front().size();
    dropped_bytes_ += end_.front().size();
    ++dropped_lines_;
    end_.pop_front();
  }
}

void LogFile::finish(const std::string& prefix) {
  if (dropped_lines_ > 0) {
    put(fmt::format("{}{} lines ({} bytes) left out: the log's limit is {} bytes\n", prefix, dropped_lines_, dropped_bytes_,
                    limit_));
  }
  for (const auto& line : end_) put(line);
  end_.clear();
  end_bytes_ = dropped_bytes_ = dropped_lines_ = 0;
}

}  // namespace slipway::build

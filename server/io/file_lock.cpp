#include "io/file_lock.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace slipway::io {

namespace {

std::string content(int file) {
  std::array<char, 256> buffer;
  const ssize_t count = ::pread(file, buffer.data(), buffer.size(), 0);
  return count > 0 ? printable(std::string_view(buffer.data(), static_cast<std::size_t>(count))) : "an unnamed process";
}

std::string holder() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {} since {:%Y-%m-%dT%H:%M:%SZ}", ::getpid(), host.data(), fmt::gmtime(std::time(nullptr)));
}

bool lock(int file, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds pause{10};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw UsageError(fmt::format("cannot make the state directory {}: {}", folder.string(), std::strerror(errno)));
  }
  const auto path = folder / "lock";
  file_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file_) throw UsageError(fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)));
  if (!lock(file_.get(), patience)) {
    if (errno != EWOULDBLOCK) throw Unavailable(fmt::format("cannot lock {}: {}", path.string(), std::strerror(errno)));
    throw Unavailable(fmt::format("the state directory {} is in use by {}", folder.string(), content(file_.get())));
  }
  const std::string text = holder();
  const bool written = ::ftruncate(file_.get(), 0) == 0 && ::pwrite(file_.get(), text.data(), text.size(), 0) >= 0;
  if (!written && errno != ENOSPC) throw Unavailable(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace slipway::io

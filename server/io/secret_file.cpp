#include "io/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "io/descriptor.hpp"

namespace slipway::io {

namespace {

constexpr std::size_t largest = 64 * 1024;

Error problem(const std::filesystem::path& file, std::string_view what) {
  return Error(fmt::format("secret file {}: {}", file.string(), what));
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) return problem(file, std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) return problem(file, "is no plain file");
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count = 1; count > 0 && text.size() <= largest;) {
    count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count < 0) return problem(file, std::strerror(errno));
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (text.size() > largest) return problem(file, "is larger than 64 KiB");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return problem(file, "is empty");
  return text;
}

bool SecretFile::Stamp::operator==(const Stamp& other) const noexcept {
  return device == other.device && inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
         changed.tv_nsec == other.changed.tv_nsec;
}

SecretFile::Stamp SecretFile::stamp_of(const std::filesystem::path& file) noexcept {
  struct stat status {};
  Stamp stamp;
  if (::stat(file.c_str(), &status) != 0) return stamp;  // follows links: switching a folder's symlink shows as another inode
  stamp.device = status.st_dev;
  stamp.inode = status.st_ino;
  stamp.size = status.st_size;
  stamp.changed = status.st_ctim;  // unlike mtime, ctime cannot be set back
  return stamp;
}

Result<SecretFile> SecretFile::open(std::filesystem::path file) {
  SecretFile secret(std::move(file));
  const Stamp stamp = stamp_of(secret.file_);
  auto value = read_secret_file(secret.file_);
  if (!value) return value.error();
  secret.keep(stamp);
  secret.value_ = std::move(*value);
  return secret;
}

// The stamp is taken before the read, so anything written in between shows as a change next time. But a file can change
// twice within one tick of the kernel's clock without changing its stamp, so a recent stamp proves nothing.
void SecretFile::keep(const Stamp& stamp) noexcept {
  constexpr std::time_t old_enough = 2;  ///< seconds
  stamp_ = stamp;
  settled_ = std::time(nullptr) - stamp.changed.tv_sec >= old_enough;
}

bool SecretFile::refresh() {
  const Stamp stamp = stamp_of(file_);
  if (stamp == stamp_ && settled_) {
    trouble_.clear();
    return false;
  }
  auto value = read_secret_file(file_);
  trouble_ = value ? std::string() : value.error().what();
  if (!value) return false;
  keep(stamp);
  if (*value == value_) return false;
  value_ = std::move(*value);
  return true;
}

}  // namespace slipway::io

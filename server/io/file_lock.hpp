#pragma once

#include <chrono>
#include <filesystem>

#include "io/descriptor.hpp"

namespace slipway::io {

/// An exclusive lock on a folder, held for the lifetime of the object and released by the kernel when the process dies.
/// The lock file names its holder.
class FileLock {
 public:
  /// Creates the folder (mode 0700) if it is missing. Blocks for up to `patience`, because a child of a killed daemon
  /// holds the lock until it has exec'd. Throws Unavailable, naming the holder, if another process still has it then;
  /// UsageError if the folder cannot be used.
  explicit FileLock(const std::filesystem::path& folder, std::chrono::milliseconds patience = std::chrono::seconds(1));

 private:
  Descriptor file_;
};

}  // namespace slipway::io

#pragma once

#include <chrono>
#include <filesystem>

#include "io/descriptor.hpp"

namespace slipway::io {

/// An exclusive lock on a folder, held as long as this lives and released by the kernel when the process dies. The lock file
/// names its holder.
class FileLock {
 public:
  /// Makes the folder (mode 0700) where it is missing. Throws Unavailable, naming the holder, when another process still has it
  /// after `patience` (a killed daemon's child has it until it begins its own program), and UsageError where it can not be
  /// used. Blocks so long.
  explicit FileLock(const std::filesystem::path& folder, std::chrono::milliseconds patience = std::chrono::seconds(1));

 private:
  Descriptor file_;
};

}  // namespace slipway::io

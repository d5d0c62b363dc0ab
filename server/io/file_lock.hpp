#pragma once

#include <filesystem>

#include "io/descriptor.hpp"

namespace slipway::io {

/// An exclusive lock on a folder, held as long as this lives and released by the kernel when the process dies. The lock file
/// names its holder.
class FileLock {
 public:
  /// Makes the folder (mode 0700) where it is missing. Throws Unavailable, naming the holder, when another process has it, and
  /// UsageError where it can not be used.
  explicit FileLock(const std::filesystem::path& folder);

 private:
  Descriptor file_;
};

}  // namespace slipway::io

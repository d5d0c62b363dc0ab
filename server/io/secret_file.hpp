#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace slipway::io {

/// The content of a small secret file without trailing newlines. An error, naming the file but never its content, if it
/// cannot be read, is empty, is not a regular file, or is above 64 KiB.
Result<std::string> read_secret_file(const std::filesystem::path& file);

/// A secret that is re-read when its file changes: rewritten, replaced, or its folder's symlink switched, as Kubernetes
/// does. While the file is unreadable or empty, as in the middle of a rewrite, the previous value stays.
class SecretFile {
 public:
  static Result<SecretFile> open(std::filesystem::path file);
  /// Checks the file (one stat) and reads it if it changed. True if the value is now different.
  bool refresh();
  /// Why the last refresh() could not read the file, so that the value is the previous one; empty if it could.
  const std::string& trouble() const noexcept { return trouble_; }
  const std::string& value() const noexcept { return value_; }
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};
    bool operator==(const Stamp& other) const noexcept;
  };
  static Stamp stamp_of(const std::filesystem::path& file) noexcept;
  explicit SecretFile(std::filesystem::path file) : file_(std::move(file)) {}
  void keep(const Stamp& stamp) noexcept;

  std::filesystem::path file_;
  std::string value_, trouble_;
  Stamp stamp_;
  bool settled_ = false;  ///< any later change of the file is certain to change the stamp
};

}  // namespace slipway::io

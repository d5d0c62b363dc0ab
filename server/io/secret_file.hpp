#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace slipway::io {

/// The content of a small secret file without the newlines at its end. An error that names the file (never its content) where
/// it can not be read, is empty, is no plain file, or is above 64 KiB.
Result<std::string> read_secret_file(const std::filesystem::path& file);

/// A secret that is read again when its file changed: rewritten, replaced, or its folder's symbolic link turned over, as
/// Kubernetes does. While the file is unreadable or empty, as in the middle of a rewrite, the value before stays.
class SecretFile {
 public:
  static Result<SecretFile> open(std::filesystem::path file);
  /// Looks (one stat) and reads when something changed. True when the value is another one.
  bool refresh();
  /// Why the file could not be read when it was last looked at, and the value is the one before; empty where it could.
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
  bool settled_ = false;  ///< a change after the value was read would have changed the stamp
};

}  // namespace slipway::io

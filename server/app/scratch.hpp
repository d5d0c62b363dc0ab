#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/failure.hpp"

namespace slipway::app {

/// A command's temporary folder, removed with its contents on destruction; commands never touch the daemon's own state.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "slipway-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw Unavailable("no temporary folder can be made in " + std::filesystem::temp_directory_path().string());
    path_ = name;
  }
  ~Scratch() {
    std::error_code gone;
    std::filesystem::remove_all(path_, gone);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace slipway::app

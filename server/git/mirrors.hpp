#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/log.hpp"
#include "git/address.hpp"
#include "git/source_mirror.hpp"

namespace slipway::git {

struct MirrorOptions {
  MirrorOptions() = default;
  std::string base_url;            ///< repositories are at `<base>/<organisation>/<name>.git`
  std::filesystem::path folder;    ///< mirrors are in `<folder>/<organisation>/<name>.git`
  Access access;
  std::size_t threads = 4;         ///< concurrent blocking operations
};

/// The source mirrors through libgit2, used on `loop`. Results are delivered on the awaiting task's executor.
std::unique_ptr<SourceMirror> open_mirrors(MirrorOptions options, asio::any_io_executor loop, Log log);

}  // namespace slipway::git

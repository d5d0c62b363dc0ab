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
  std::string base_url;            ///< a repository is `<base>/<organisation>/<name>.git`
  std::filesystem::path folder;    ///< the mirrors are `<folder>/<organisation>/<name>.git`
  Access access;
  std::size_t threads = 4;         ///< blocking operations at once
};

/// The source mirrors by libgit2. Results are delivered on the awaiting task's executor; `loop` is the loop they are used on.
std::unique_ptr<SourceMirror> open_mirrors(MirrorOptions options, asio::any_io_executor loop, Log log);

}  // namespace slipway::git

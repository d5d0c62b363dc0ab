#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "base/hmac.hpp"
#include "base/id.hpp"
#include "io/offload.hpp"

namespace slipway::run {

/// A run's own folder, `<work>/<run>/`. The destructor renames it at once, since the next try may begin before it is gone, and removes
/// it with everything in it on the pool.
class Workspace {
 public:
  Workspace(const std::filesystem::path& work, RunId run, asio::thread_pool& files)
      : folder_(work / std::to_string(run.value())), files_(files) {}
  ~Workspace() {
    std::filesystem::path old = folder_;
    old += ".gone-" + random_hex(8);
    std::error_code missing;
    std::filesystem::rename(folder_, old, missing);
    if (!missing) asio::post(files_, [old] { remove(old); });
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// Creates it, empty, after removing anything an earlier start left behind.
  Task<> make() {
    auto job = [folder = folder_, source = source()] {
      remove(folder);
      std::filesystem::create_directories(source);
      std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    };
    co_await io::offload(files_, std::move(job));
  }

  std::filesystem::path source() const { return folder_ / "source"; }

 private:
  static void remove(const std::filesystem::path& folder) {
    std::error_code gone;
    std::filesystem::remove_all(folder, gone);
  }
  std::filesystem::path folder_;
  asio::thread_pool& files_;
};

}  // namespace slipway::run

#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "base/id.hpp"
#include "io/offload.hpp"

namespace slipway::run {

/// A run's own folder, `<work>/<run>/`, removed with everything in it when this goes, on the pool.
class Workspace {
 public:
  Workspace(const std::filesystem::path& work, RunId run, asio::thread_pool& files)
      : folder_(work / std::to_string(run.value())), files_(files) {}
  ~Workspace() {
    asio::post(files_, [folder = folder_] { remove(folder); });
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// Makes it, empty: what an earlier start left behind goes first.
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

#pragma once

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "base/failure.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "git/address.hpp"
#include "git/failure.hpp"

namespace slipway::git {

/// One source repository's mirror on disk. Many threads may read it while one fetches into it. If it is damaged or has
/// grown old, the next fetch creates a new one beside it and swaps the two while nobody reads. Blocking.
class MirrorFolder {
 public:
  MirrorFolder(std::filesystem::path folder, Log log) : folder_(std::move(folder)), log_(std::move(log)) {}

  /// Updates it from the server's branches. One thread at a time.
  void fetch(const std::string& url, const Access& access);
  /// Fetches one commit by its id; false if the server does not give it out.
  bool fetch_commit(const std::string& url, const Access& access, const CommitSha& commit);
  /// False before the first fetch.
  bool exists() const { return std::filesystem::exists(folder_ / "HEAD"); }

  /// Calls `work(folder)`; the folder is not swapped meanwhile. Turns Damaged into Unavailable; the next fetch recreates the mirror.
  template <class F>
  auto use(F work) {
    const std::shared_lock reading(exchange_);
    try {
      return work(std::as_const(folder_));
    } catch (const Damaged& error) {
      damaged_ = true;
      log_.warn("a mirror is damaged and will be made anew", {{"mirror", folder_.string()}, {"error", error.what()}});
      throw Unavailable(fmt::format("{}; the mirror is made anew at the next fetch", error.what()));
    }
  }

 private:
  void renew(const std::string& url, const Access& access);

  std::filesystem::path folder_;
  Log log_;
  std::shared_mutex exchange_;
  std::atomic<bool> damaged_{false};
  bool opened_ = false;
};

}  // namespace slipway::git

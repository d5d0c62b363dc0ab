#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "io/offload.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// A read-only connection and the thread that uses it.
class Reading {
 public:
  Reading(std::filesystem::path directory, Database database)
      : directory_(std::move(directory)), database_(std::move(database)) {}

  /// Runs `function(database)` on the reading thread. It sees everything committed before the call.
  template <class F>
  auto run(F function) {
    auto job = [this, function = std::move(function)]() mutable { return function(database_); };
    return io::offload(thread_, std::move(job));
  }
  const std::filesystem::path& directory() const noexcept { return directory_; }

 private:
  std::filesystem::path directory_;
  Database database_;
  asio::thread_pool thread_{1};
};

}  // namespace slipway::queue::sqlite

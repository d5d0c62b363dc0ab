#include "run/cleaner.hpp"

#include "base/failure.hpp"
#include "io/offload.hpp"

namespace slipway::run {
namespace {

constexpr std::size_t page = 2000;  ///< large, because each query scans all finished runs

}  // namespace

Cleaner::Cleaner(queue::Queue& queue, build::RunLogs& logs, std::filesystem::path work, asio::thread_pool& files, io::TimeSource& time, Log log)
    : queue_(queue), logs_(logs), work_(std::move(work)), files_(files), time_(time), log_(std::move(log)) {}

Task<> Cleaner::serve(std::chrono::seconds every) {
  while (true) {
    std::string trouble;
    try {
      co_await clean();
    } catch (const Unavailable& error) {
      trouble = error.what();
    }
    if (!trouble.empty()) log_.warn("old runs could not be removed", {{"error", trouble}});
    co_await time_.sleep_for(every);
  }
}

Task<> Cleaner::clean() {
  std::size_t removed = 0;
  while (true) {
    const auto runs = co_await queue_.expired(time_.now(), page);
    if (runs.empty()) break;
    for (const auto run : runs) logs_.remove(run);
    const auto remove = [&] {
      for (const auto run : runs) {
        std::error_code gone;
        std::filesystem::remove_all(work_ / std::to_string(run.value()), gone);
      }
    };
    co_await io::offload(files_, remove);
    co_await queue_.forget(runs);
    removed += runs.size();
  }
  const auto cleaned = co_await queue_.clean(time_.now());
  if (removed > 0 || cleaned.deliveries > 0) {
    log_.info("cleaned up", {{"runs", removed}, {"deliveries", cleaned.deliveries}, {"body_bytes", cleaned.body_bytes}});
  }
}

}  // namespace slipway::run

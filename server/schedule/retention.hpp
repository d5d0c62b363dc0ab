#pragma once

#include <chrono>
#include <cstddef>

#include "model/run.hpp"
#include "model/settings.hpp"

namespace slipway::schedule {

/// How long finished runs are kept.
struct Retention {
  Retention() = default;
  explicit Retention(const QueueSettings& settings)
      : keep_finished(settings.keep_finished), keep_failed(settings.keep_failed), delete_grace(settings.delete_grace),
        keep_last(settings.keep_last) {}
  std::chrono::seconds keep_finished{3600};
  std::chrono::seconds keep_failed{7 * 24 * 3600};
  std::chrono::seconds delete_grace{300};
  std::size_t keep_last = 5;
};

/// Whether a finished run may be removed. `newer`: number of its template's finished runs that were made later. A succeeded run of
/// an `on_success: delete` template expires after `delete_grace`, even if among the last. Otherwise the last `keep_last` stay,
/// whatever their age, and failed runs are kept longer.
bool expired(const Retention& keep, RunState state, Clock::time_point finished, std::size_t newer, bool delete_on_success,
             Clock::time_point now) noexcept;

}  // namespace slipway::schedule

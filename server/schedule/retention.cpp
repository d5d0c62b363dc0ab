#include "schedule/retention.hpp"

namespace slipway::schedule {

bool expired(const Retention& keep, RunState state, Clock::time_point finished, std::size_t newer, bool delete_on_success,
             Clock::time_point now) noexcept {
  if (!is_finished(state)) return false;
  const auto age = now - finished;
  if (state == RunState::succeeded && delete_on_success) return age >= keep.delete_grace;
  if (newer < keep.keep_last) return false;
  return age >= (state == RunState::failed ? keep.keep_failed : keep.keep_finished);
}

}  // namespace slipway::schedule

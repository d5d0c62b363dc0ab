#pragma once

#include <string>

#include "base/id.hpp"
#include "base/result.hpp"
#include "io/task.hpp"

namespace slipway::run {

/// What `slipway retry` may ask for beyond trying again.
struct RetryOptions {
  RetryOptions() = default;
  RetryOptions(bool rollback, bool build_again) : allow_rollback(rollback), rebuild(build_again) {}
  bool allow_rollback = false;
  bool rebuild = false;
};

/// What a person may do to runs and templates. Errors say what is not possible and why ("run 7 has succeeded"; `not found` is
/// told by the position-less text beginning with "no run" or "no template"). Called on the loop.
class Control {
 public:
  virtual ~Control() = default;
  /// Ends a run: a queued one at once, a running one with its whole process tree.
  virtual Task<Result<void>> cancel(RunId run) = 0;
  /// Queues a finished run again, going on at the first stage whose result it has not; one that has succeeded only to roll back or
  /// to be built anew.
  virtual Task<Result<void>> retry(RunId run, RetryOptions options) = 0;
  /// Lifts a hold: the newest waiting run hands off, the others become superseded.
  virtual Task<Result<void>> release(TemplateName name) = 0;
};

}  // namespace slipway::run

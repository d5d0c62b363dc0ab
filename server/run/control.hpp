#pragma once

#include <string>

#include "base/id.hpp"
#include "base/result.hpp"
#include "io/task.hpp"

namespace slipway::run {

/// Options of `slipway retry`.
struct RetryOptions {
  RetryOptions() = default;
  RetryOptions(bool rollback, bool build_again) : allow_rollback(rollback), rebuild(build_again) {}
  bool allow_rollback = false;
  bool rebuild = false;
};

/// Operator commands on runs and templates. Errors say what is not possible and why ("run 7 has succeeded"); one that starts with
/// "no run" or "no template" means not found. Called on the loop.
class Control {
 public:
  virtual ~Control() = default;
  /// Ends a run: a queued one at once, a running one with its whole process tree.
  virtual Task<Result<void>> cancel(RunId run) = 0;
  /// Requeues a finished run, resuming at the first stage without a result. A succeeded run can only be rolled back to or
  /// rebuilt.
  virtual Task<Result<void>> retry(RunId run, RetryOptions options) = 0;
  /// Lifts a hold: the newest waiting run hands off, the others are superseded.
  virtual Task<Result<void>> release(TemplateName name) = 0;
};

}  // namespace slipway::run

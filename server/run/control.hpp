#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/id.hpp"
#include "io/task.hpp"

namespace slipway::run {

/// Options of `slipway retry`.
struct RetryOptions {
  RetryOptions() = default;
  RetryOptions(bool rollback, bool build_again) : allow_rollback(rollback), rebuild(build_again) {}
  bool allow_rollback = false;
  bool rebuild = false;
};

/// Why a request was not carried out, in words for the person who made it ("run 7 has succeeded").
struct Denial {
  enum class Why { not_found, conflict };
  Denial(Why kind, std::string text) : why(kind), words(std::move(text)) {}
  Why why;
  std::string words;
};

/// Operator commands on runs and templates; nullopt means done. Called on the loop.
class Control {
 public:
  virtual ~Control() = default;
  /// Ends a run: a queued one at once, a running one with its whole process tree.
  virtual Task<std::optional<Denial>> cancel(RunId run) = 0;
  /// Requeues a finished run, resuming at the first stage without a result. A succeeded run can only be rolled back to or
  /// rebuilt.
  virtual Task<std::optional<Denial>> retry(RunId run, RetryOptions options) = 0;
  /// Lifts a hold: the newest waiting run hands off, the others are superseded.
  virtual Task<std::optional<Denial>> release(TemplateName name) = 0;
};

}  // namespace slipway::run

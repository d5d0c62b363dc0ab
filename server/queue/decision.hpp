#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/shared_tail.hpp"
#include "model/delivery.hpp"

namespace slipway::queue {

/// A verdict as the queue takes it: the runs to make, and the whole as the JSON that is kept and told to the sender. Made once; the
/// hundred small texts of a verdict need not wait for the disk with the delivery. Copies share the text.
class Decision {
 public:
  explicit Decision(Verdict verdict);

  const std::vector<RunRequest>& runs() const noexcept { return runs_; }
  /// The payload's commit list is incomplete: to be judged again when completed from Git.
  bool pending() const noexcept { return pending_; }
  /// Whether nothing is lost when it is not on disk: it promises no run.
  bool promises_nothing() const noexcept { return runs_.empty() && !pending_; }
  /// `{"runs":[{"template","trigger"}],"skipped":[{"trigger","reason","error"?}]}`.
  const std::string& json() const noexcept { return *json_; }
  /// Of json() the end: `"skipped":[…]}`.
  SharedTail skipped() const { return {json_, skipped_at_}; }

 private:
  std::vector<RunRequest> runs_;
  std::shared_ptr<const std::string> json_;
  std::size_t skipped_at_ = 0;
  bool pending_ = false;
};

}  // namespace slipway::queue

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/shared_tail.hpp"
#include "model/delivery.hpp"

namespace slipway::queue {

/// A verdict in the form the queue takes: the runs to create, and the whole verdict as the JSON that is stored and returned to the
/// sender. Rendered once, so that the verdict's many small strings are freed before the wait for the disk. Copies share the text.
class Decision {
 public:
  explicit Decision(Verdict verdict);

  const std::vector<RunRequest>& runs() const noexcept { return runs_; }
  /// The payload's commit list is incomplete: the push is judged again once it has been completed from Git.
  bool pending() const noexcept { return pending_; }
  /// Some trigger watches the repository, so that a push after a gap is worth completing.
  bool watched() const noexcept { return watched_; }
  /// Makes no run now and none later, so nothing is lost if it never reaches the disk.
  bool promises_nothing() const noexcept { return runs_.empty() && !pending_; }
  /// `{"runs":[{"template","trigger"}],"skipped":[{"trigger","reason","error"?}]}`.
  const std::string& json() const noexcept { return *json_; }
  /// The tail of json(): `"skipped":[…]}`.
  SharedTail skipped() const { return {json_, skipped_at_}; }

 private:
  std::vector<RunRequest> runs_;
  std::shared_ptr<const std::string> json_;
  std::size_t skipped_at_ = 0;
  bool pending_ = false;
  bool watched_ = true;
};

}  // namespace slipway::queue

#pragma once

#include <string>
#include <variant>

#include "base/result.hpp"
#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

/// The commit may be written. `note` says why, if it replaces a newer one; else empty.
struct MayWrite {
  MayWrite() = default;
  explicit MayWrite(std::string why) : note(std::move(why)) {}
  std::string note;
};

using OrderVerdict = std::variant<MayWrite, RunOutcome>;

/// Prevents going backwards: reads from each values file which commit is deployed, relates it to the source's history (freshly fetched)
/// and applies schedule::decide. On a fresh ground, makes durable a new hold, and a hand-off that the
/// infra branch has and the queue does not. An error if a file or value cannot be read.
Task<Result<OrderVerdict>> judge_order(HandOffTools& tools, Ground& ground, const HandOff& what);

}  // namespace slipway::run

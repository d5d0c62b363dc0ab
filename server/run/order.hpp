#pragma once

#include <string>
#include <variant>

#include "base/result.hpp"
#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

/// The commit may be written; `note` says why where an older one replaces a newer one.
struct MayWrite {
  MayWrite() = default;
  explicit MayWrite(std::string why) : note(std::move(why)) {}
  std::string note;
};

using OrderVerdict = std::variant<MayWrite, RunOutcome>;

/// Never backwards: reads from each values file which commit is deployed, places it in the source's history (freshly fetched) and
/// lets schedule::decide say what that means. A hold that it finds is made durable. An error where a file or a value can not
/// be read.
Task<Result<OrderVerdict>> judge_order(HandOffTools& tools, Ground& ground, const HandOff& what);

}  // namespace slipway::run

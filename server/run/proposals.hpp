#pragma once

#include <span>
#include <string>

#include "run/hand_off.hpp"

namespace slipway::run {

/// Hands off by pull request: one branch per application, `slipway/<app>`, rebuilt each time on the head of the target
/// branch (a forced push with a lease, never over somebody else's commit), and one open pull request from it,
/// created once and kept up to date. Only what is merged is deployed, so the order is judged against the target branch,
/// and against what the open branch already proposes, so that an older commit does not replace a newer proposal;
/// nothing is recorded as handed off. A branch that already has exactly this change is not pushed again. Failures of
/// one application's hand-offs do not affect the others.
Task<> propose(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch);

/// `slipway/<app>`, unique per application: letters, digits, `-` and `_` are kept, any other byte becomes `=` and two hex digits.
std::string proposal_branch(const HandOff& what);

}  // namespace slipway::run

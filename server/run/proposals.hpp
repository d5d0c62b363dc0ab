#pragma once

#include <span>
#include <string>

#include "run/hand_off.hpp"

namespace slipway::run {

/// The hand-off as a pull request: one branch an application, `slipway/<app>`, rebuilt on the head of the hand-offs'
/// branch each time (a forced push with a lease, never over somebody else's commit), and one open pull request from it,
/// made once and kept up to date. What is deployed is what is merged: the order is judged against the target branch,
/// and against what the open branch proposes already, so that an older commit does not replace a newer proposal;
/// nothing is remembered as handed off. A branch that holds the very change already is not pushed again. Hand-offs of
/// one application that fail do not hold the others'.
Task<> propose(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch);

/// `slipway/<app>`, another one for every application: letters, digits, `-` and `_` stay, any other byte is `=` and its two hex digits.
std::string proposal_branch(const HandOff& what);

}  // namespace slipway::run

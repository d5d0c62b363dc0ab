#pragma once

#include <chrono>
#include <string>

#include "git/infra_branch.hpp"
#include "model/settings.hpp"

namespace slipway::git {

/// Signs commits as git itself does: `ssh-keygen -Y sign -n git -f KEY` (KEY: a file with a private key, or with a public one whose
/// private key an agent holds), or `gpg -bsau KEY` (KEY: what gpg knows it by). The program is found in PATH, gets this process's
/// HOME, GNUPGHOME and SSH_AUTH_SOCK and nothing else, never a terminal, and is ended after `limit`. The function throws
/// Unavailable when it takes longer or can not be started, and Refused with its own words when it does not sign. Unset for `none`.
SignCommit make_signer(Signing how, std::string key, std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace slipway::git

#pragma once

#include <chrono>
#include <string>

#include "git/infra_branch.hpp"
#include "model/settings.hpp"

namespace slipway::git {

/// Signs commits as git itself does: `ssh-keygen -Y sign -n git -f KEY` (KEY: file with a private key, or with a public one whose
/// private key an agent holds), or `gpg -bsau KEY` (KEY: any id that gpg accepts). The program is found in PATH, inherits only
/// HOME, GNUPGHOME and SSH_AUTH_SOCK, never gets a terminal, and is killed after `limit`. The function throws
/// Unavailable on a timeout or if the program cannot be started, Refused, with its output, if it does not sign. Unset for `none`.
SignCommit make_signer(Signing how, std::string key, std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace slipway::git

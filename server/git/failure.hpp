#pragma once

#include <stdexcept>
#include <string>

#include "git/operation.hpp"

namespace slipway::git {

/// A mirror's files are not what they should be: cut short by a power failure, locked by a process that died. It is a cache, and
/// made anew.
class Damaged : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Turns a libgit2 return code below 0 into the exception that the caller's reaction needs. `doing` says what was tried and on
/// what: "fetching http://host/org/name.git". Talking to a server: Unavailable for a broken or silent connection and for 5xx,
/// Refused, with the server's words, for wrong credentials, missing repositories and permission. Any other is a trouble of the
/// mirror: Damaged, but Unavailable where the disk is full. libgit2's error is this thread's last.
void require(int code, const std::string& doing, const Operation* operation = nullptr);

}  // namespace slipway::git

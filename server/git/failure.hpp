#pragma once

#include <stdexcept>
#include <string>

#include "git/operation.hpp"

namespace slipway::git {

/// A mirror's files are unusable: truncated by a power failure, or locked by a dead process. It is a cache and can be recreated.
class Damaged : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Turns a negative libgit2 return code into an exception by how the caller should react. `doing` says what was attempted on
/// what: "fetching http://host/org/name.git". When talking to a server: Unavailable for a broken or silent connection and for 5xx;
/// Refused, with the server's words, for wrong credentials, missing repositories and missing permission. Anything else is a problem
/// of the mirror: Damaged, or Unavailable if the disk is full. Uses libgit2's last error of this thread.
void require(int code, const std::string& doing, const Operation* operation = nullptr);

}  // namespace slipway::git

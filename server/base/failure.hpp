#pragma once

#include <stdexcept>

namespace slipway {

// Accidents, by what the caller does about them. Anything else that is thrown is a bug. They are caught in four places:
// the HTTP session, the run loop, the keeper of services, and main (server/README.md, "Errors").

/// A service can not be reached or is out of order just now: try again later.
class Unavailable : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// A service said no, and will say no again: permission, protected branch, missing repository. Never retried.
class Refused : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// The command line or the configuration can not be used as it is. Only the command line throws it; exit code 2.
class UsageError : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

}  // namespace slipway

#pragma once

#include <stdexcept>

namespace slipway {

// Accidents, classified by how the caller reacts. Any other exception is a bug. Where they are caught: server/README.md, "Errors".

/// A service is unreachable or temporarily out of order: try again later.
class Unavailable : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// A service said no and would say no again: permission, protected branch, missing repository. Never retried.
class Refused : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Unusable command line or configuration. Thrown only by command-line code; exit code 2.
class UsageError : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

}  // namespace slipway

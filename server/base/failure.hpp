#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace slipway {

// Accidents, classified by how the caller reacts. Any other exception is a bug. Where they are caught: server/README.md, "Errors".

/// A service is unreachable or temporarily out of order: try again later.
class Unavailable : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// The disk, or the quota on it, is full: try again when there is room.
class NoRoom : public Unavailable {
 public:
  using Unavailable::Unavailable;
};

/// For errors of the operating system.
inline bool is_no_room(const std::error_code& error) noexcept { return error.value() == ENOSPC || error.value() == EDQUOT; }

/// Throws NoRoom or Unavailable with these words, as the error code says.
[[noreturn]] inline void throw_unavailable(const std::string& words, const std::error_code& error) {
  if (is_no_room(error)) throw NoRoom(words);
  throw Unavailable(words);
}

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

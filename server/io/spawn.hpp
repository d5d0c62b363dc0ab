#pragma once

#include <sys/types.h>

#include "io/descriptor.hpp"
#include "io/process.hpp"

namespace slipway::io {

/// A started, not yet reaped program: the parent's ends of its pipes (non-blocking) and a pidfd.
struct Spawned {
  pid_t pid = -1;
  Descriptor process;  ///< readable when it has ended
  Descriptor output, errors;
};

/// Starts `program` (a path) in its own process group, with default signal handling, no inherited descriptors and
/// PR_SET_PDEATHSIG. Throws Unavailable with the reason if it cannot be executed.
Spawned spawn(const std::filesystem::path& program, const Command& command);

}  // namespace slipway::io

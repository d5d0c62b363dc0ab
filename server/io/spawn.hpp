#pragma once

#include <sys/types.h>

#include "io/descriptor.hpp"
#include "io/process.hpp"

namespace slipway::io {

/// A started program: its parent's ends of the pipes (all non-blocking) and a pidfd. Not yet reaped.
struct Spawned {
  pid_t pid = -1;
  Descriptor process;  ///< readable when it has ended
  Descriptor output, errors;
};

/// Starts `program` (a path) in a process group of its own, with default signal handling, no inherited descriptor and
/// PR_SET_PDEATHSIG. Throws Unavailable with the reason when the program can not be executed.
Spawned spawn(const std::filesystem::path& program, const Command& command);

}  // namespace slipway::io

#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "io/task.hpp"
#include "io/time.hpp"

namespace slipway::run {

/// Keeps one of the daemon's services going: whatever accident ends it (the disk is full, a server is gone, a bug) is logged, and it
/// begins again after a second. A daemon that accepts pushes and builds none would be worse. Ends when cancelled.
Task<> keep_running(std::string name, std::function<Task<>()> service, io::TimeSource& time, Log log);

}  // namespace slipway::run

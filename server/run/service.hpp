#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "io/task.hpp"
#include "io/time.hpp"

namespace slipway::run {

/// Keeps one of the daemon's services running: any exception that ends it (a full disk, an unreachable server, a bug) is logged, and
/// it is restarted after a second. A daemon that accepts pushes but builds none would be worse. Ends when cancelled.
Task<> keep_running(std::string name, std::function<Task<>()> service, io::TimeSource& time, Log log);

}  // namespace slipway::run

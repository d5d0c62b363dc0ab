#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "io/task.hpp"
#include "io/time.hpp"

namespace slipway::run {

/// Keeps one of the daemon's services going: an accident (the disk is full, a server is gone) that ends it is logged, and it begins
/// again after a second. Ends when cancelled.
Task<> keep_running(std::string name, std::function<Task<>()> service, io::TimeSource& time, Log log);

}  // namespace slipway::run

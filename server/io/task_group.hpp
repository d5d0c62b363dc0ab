#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "io/task.hpp"

namespace slipway::io {

/// Owner of spawned tasks: whoever spawns names the task, and nothing outlives its group unnoticed. What a task throws is
/// logged with its name; cancellation is no error. Used on the loop, and destroyed only when empty or with the loop stopped.
class TaskGroup {
 public:
  TaskGroup(asio::any_io_executor executor, Log log);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Starts the task. Its coroutine takes its parameters by value. After stop() the task is dropped unstarted.
  void spawn(std::string name, Task<> task);
  /// Asks every task to end (terminal cancellation), from the loop, and takes no more.
  void stop();
  /// Waits until all tasks have ended; false when `limit` passed first (their names are logged).
  Task<bool> join(std::chrono::steady_clock::duration limit);
  /// Also waits, for as long as it takes, without asking anybody to end.
  Task<> wait_until_empty();

  std::size_t size() const noexcept;
  std::vector<std::string> names() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::io

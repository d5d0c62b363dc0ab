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

/// Owns spawned tasks: each has a name, and none outlives its group unnoticed. What a task throws is logged under its
/// name; cancellation is not an error. Used on the loop; destroy it only when empty or with the loop stopped.
class TaskGroup {
 public:
  TaskGroup(asio::any_io_executor executor, Log log);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Starts the task. Its coroutine must take its parameters by value. After stop() the task is dropped unstarted.
  void spawn(std::string name, Task<> task);
  /// Asks every task to end (terminal cancellation, emitted from the loop) and accepts no more.
  void stop();
  /// Waits until all tasks have ended; false if `limit` passed first (their names are logged).
  Task<bool> join(std::chrono::steady_clock::duration limit);
  /// Waits without a limit and without asking any task to end; returns early if the awaiting task is cancelled.
  Task<> wait_until_empty();

  std::size_t size() const noexcept;
  std::vector<std::string> names() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::io

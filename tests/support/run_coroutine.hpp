#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "io/task.hpp"

namespace slipway::test {

namespace detail {

template <class T>
Task<> keep(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}

}  // namespace detail

/// Runs `loop` until the task has ended; returns its value or throws what it threw. Other tasks of the loop run meanwhile and
/// stay where they are. A task that never ends although the loop has run dry is an error of the test.
template <class T>
T run_coroutine(asio::io_context& loop, Task<T> task) {
  std::exception_ptr error;
  bool ended = false;
  auto handler = [&](std::exception_ptr failure) {
    error = failure;
    ended = true;
  };
  loop.restart();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(loop, std::move(task), handler);
    while (!ended && loop.run_one() > 0) {
    }
    loop.poll();
    if (!ended) throw std::logic_error("the coroutine waits for something that never comes");
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> value;
    asio::co_spawn(loop, detail::keep(std::move(task), value), handler);
    while (!ended && loop.run_one() > 0) {
    }
    loop.poll();
    if (!ended) throw std::logic_error("the coroutine waits for something that never comes");
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
}

/// The same on a loop of its own: `run_coroutine([&]() -> Task<> { … })`. The function outlives its coroutine.
template <class F>
  requires std::is_invocable_v<F&>
auto run_coroutine(F function) {
  asio::io_context loop(1);
  return run_coroutine(loop, function());
}

}  // namespace slipway::test

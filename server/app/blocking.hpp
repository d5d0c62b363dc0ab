#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "io/task.hpp"

namespace slipway::app {

/// Runs one task to completion on its own loop, and returns its result or rethrows its exception; for commands.
template <class T>
T blocking(Task<T> task) {
  asio::io_context loop(1);
  std::optional<T> value;
  std::exception_ptr failed;
  auto wrapped = [](Task<T> inner, std::optional<T>& into) -> Task<> { into.emplace(co_await std::move(inner)); };
  asio::co_spawn(loop, wrapped(std::move(task), value), [&](std::exception_ptr error) { failed = error; });
  loop.run();
  if (failed) std::rethrow_exception(failed);
  return *std::move(value);
}

}  // namespace slipway::app

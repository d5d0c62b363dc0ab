#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/task.hpp"

namespace slipway::io {

namespace detail {

template <class T>
using Held = std::optional<std::conditional_t<std::is_void_v<T>, bool, T>>;

template <class F>
Held<std::invoke_result_t<F&>> call(F& function, std::exception_ptr& error) {
  Held<std::invoke_result_t<F&>> value;
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      function();
      value.emplace(true);
    } else {
      value.emplace(function());
    }
  } catch (...) {
    error = std::current_exception();
  }
  return value;
}

}  // namespace detail

/// Runs a blocking function on the pool and returns its result, or throws what it threw, on the awaiting task's executor.
/// It can not be cancelled: the task waits for the end, and a cancellation shows at its next await. So whatever it calls must
/// have its own limit. The function is moved to the pool; name it before awaiting (server/README.md, "Coroutines and GCC 12").
template <class F>
Task<std::invoke_result_t<F&>> offload(asio::thread_pool& pool, F function) {
  using Value = detail::Held<std::invoke_result_t<F&>>;
  auto start = [&pool, &function](auto handler) {
    asio::post(pool, [job = std::move(function), handler = std::move(handler)]() mutable {
      std::exception_ptr error;
      Value value = detail::call(job, error);
      // Awaited through co_spawn it would terminate on cancellation (Boost 1.81): hence posted by hand.
      const auto home = asio::get_associated_executor(handler);
      asio::post(home, [handler = std::move(handler), error, value = std::move(value)]() mutable {
        std::move(handler)(error, std::move(value));
      });
    });
  };
  auto value = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Value)>(
      start, asio::use_awaitable);
  if constexpr (!std::is_void_v<std::invoke_result_t<F&>>) co_return std::move(*value);
}

}  // namespace slipway::io

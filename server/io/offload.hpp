#pragma once

#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/task.hpp"

namespace slipway::io {

namespace detail {

template <class T>
using Held = std::optional<std::conditional_t<std::is_void_v<T>, bool, T>>;

/// A type-erased function on its way through the pool, so that the machinery is compiled once.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
};

template <class F>
class Call final : public Work {
 public:
  using Result = std::invoke_result_t<F&>;

  explicit Call(F function) : function_(std::move(function)) {}
  void run() override {
    if constexpr (std::is_void_v<Result>) {
      function_();
    } else {
      result_.emplace(function_());
    }
  }
  Held<Result>& result() noexcept { return result_; }

 private:
  F function_;
  Held<Result> result_;
};

/// Runs the work on the pool; rethrows what it threw.
Task<> perform(asio::thread_pool& pool, std::shared_ptr<Work> work);

}  // namespace detail

/// Runs a blocking function on the pool; returns its result or rethrows its exception on the awaiting task's executor. Not
/// cancellable: the task waits for the function to end and sees a cancellation at its next await, so the function must
/// have a limit of its own. It is moved to the pool; name it before awaiting (server/README.md, "Coroutines and GCC 12").
template <class F>
Task<std::invoke_result_t<F&>> offload(asio::thread_pool& pool, F function) {
  const auto call = std::make_shared<detail::Call<F>>(std::move(function));
  const std::shared_ptr<detail::Work> work = call;
  co_await detail::perform(pool, work);
  if constexpr (!std::is_void_v<std::invoke_result_t<F&>>) co_return std::move(*call->result());
}

}  // namespace slipway::io

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

/// A function on its way through the pool, whatever its type: what carries it is compiled once.
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

/// Runs the work on the pool; throws what it threw.
Task<> perform(asio::thread_pool& pool, std::shared_ptr<Work> work);

}  // namespace detail

/// Runs a blocking function on the pool and returns its result, or throws what it threw, on the awaiting task's executor.
/// It can not be cancelled: the task waits for the end, and a cancellation shows at its next await. So whatever it calls must
/// have its own limit. The function is moved to the pool; name it before awaiting (server/README.md, "Coroutines and GCC 12").
template <class F>
Task<std::invoke_result_t<F&>> offload(asio::thread_pool& pool, F function) {
  const auto call = std::make_shared<detail::Call<F>>(std::move(function));
  const std::shared_ptr<detail::Work> work = call;
  co_await detail::perform(pool, work);
  if constexpr (!std::is_void_v<std::invoke_result_t<F&>>) co_return std::move(*call->result());
}

}  // namespace slipway::io

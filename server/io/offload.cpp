#include "io/offload.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace slipway::io::detail {
namespace {

std::exception_ptr run(Work& work) noexcept {
  try {
    work.run();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

Task<> perform(asio::thread_pool& pool, std::shared_ptr<Work> work) {
  auto start = [&pool, work](auto handler) {
    asio::post(pool, [work, handler = std::move(handler)]() mutable {
      std::exception_ptr error = run(*work);
      // Posted by hand: awaiting it through co_spawn would terminate the process on cancellation (Boost 1.81).
      const auto home = asio::get_associated_executor(handler);
      asio::post(home, [handler = std::move(handler), error]() mutable { std::move(handler)(error); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
}

}  // namespace slipway::io::detail

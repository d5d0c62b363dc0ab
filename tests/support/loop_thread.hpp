#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <utility>

#include "io/task.hpp"

namespace slipway::test {

/// A network loop on a thread of its own, as the daemon's, for tests that talk to it over sockets.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    work_.reset();
    thread_.join();
  }
  auto executor() { return loop_.get_executor(); }
  /// Runs a task on the loop and waits for it.
  void run(Task<> task) { asio::co_spawn(loop_, std::move(task), asio::use_future).get(); }
  /// Calls a function on the loop and waits for it.
  template <class F>
  void call(F function) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::thread thread_;
};

}  // namespace slipway::test

#include "io/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <optional>

namespace slipway::io {

struct TaskGroup::State {
  State(asio::any_io_executor home, Log where) : executor(std::move(home)), log(std::move(where)) {}

  struct Entry {
    explicit Entry(std::string what) : name(std::move(what)) {}
    std::string name;
    asio::cancellation_signal signal;
  };

  asio::any_io_executor executor;
  Log log;
  std::list<Entry> tasks;
  std::list<asio::steady_timer> waiters;  ///< cancelled (i.e. woken) when the last task ends
  bool stopped = false;

  void ended(std::list<Entry>::iterator entry, const std::exception_ptr& error) {
    if (error) report(entry->name, error);
    tasks.erase(entry);
    if (!tasks.empty()) return;
    for (auto& waiter : waiters) waiter.cancel();
  }

  void report(const std::string& name, const std::exception_ptr& error) const {
    try {
      std::rethrow_exception(error);
    } catch (const boost::system::system_error& failure) {
      if (failure.code() != asio::error::operation_aborted) log.error("task failed", {{"task", name}, {"error", failure.what()}});
    } catch (const std::exception& failure) {
      log.error("task failed", {{"task", name}, {"error", failure.what()}});
    } catch (...) {
      log.error("task failed", {{"task", name}, {"error", "an exception of unknown type"}});
    }
  }
};

TaskGroup::TaskGroup(asio::any_io_executor executor, Log log)
    : state_(std::make_shared<State>(std::move(executor), std::move(log))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, Task<> task) {
  if (state_->stopped) return;
  const auto entry = state_->tasks.emplace(state_->tasks.end(), std::move(name));
  // The handler keeps the state alive, so that a frame destroyed late still finds its entry.
  auto ended = [state = state_, entry](const std::exception_ptr& error) {
    // Posted, because a task may end while stop() is still iterating over the entries.
    asio::post(state->executor, [state, entry, error] { state->ended(entry, error); });
  };
  asio::co_spawn(state_->executor, std::move(task), asio::bind_cancellation_slot(entry->signal.slot(), std::move(ended)));
}

void TaskGroup::stop() {
  asio::post(state_->executor, [state = state_] {
    state->stopped = true;
    for (auto& entry : state->tasks) entry.signal.emit(asio::cancellation_type::terminal);
  });
}

Task<bool> TaskGroup::join(std::chrono::steady_clock::duration limit) {
  const auto state = state_;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!state->tasks.empty() && std::chrono::steady_clock::now() < deadline) {
    const auto waiter = state->waiters.emplace(state->waiters.end(), state->executor);
    waiter->expires_at(deadline);
    boost::system::error_code woken;
    co_await waiter->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    state->waiters.erase(waiter);
  }
  for (const auto& entry : state->tasks) state->log.warn("task did not end in time", {{"task", entry.name}});
  co_return state->tasks.empty();
}

Task<> TaskGroup::wait_until_empty() {
  const auto state = state_;
  while (!state->tasks.empty()) {
    const auto waiter = state->waiters.emplace(state->waiters.end(), state->executor);
    waiter->expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await waiter->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    state->waiters.erase(waiter);
    // Ends the wait if this task itself was cancelled.
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
  }
}

std::size_t TaskGroup::size() const noexcept { return state_->tasks.size(); }

std::vector<std::string> TaskGroup::names() const {
  std::vector<std::string> names;
  for (const auto& entry : state_->tasks) names.push_back(entry.name);
  return names;
}

}  // namespace slipway::io

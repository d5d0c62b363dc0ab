#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "io/offload.hpp"
#include "queue/sqlite/store.hpp"

namespace slipway::queue::sqlite {

/// An operation on the store, inside a transaction.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run(Store& store) = 0;                    ///< on the writer thread; may be run again after an abort
  virtual void fail(std::exception_ptr why) noexcept = 0; ///< on the writer thread: the transaction did not happen
  virtual void complete() = 0;                            ///< on the loop, after the commit or the failure
  std::size_t bytes = 0;                                  ///< memory it occupies
  bool awaited = true;
};

/// A type-erased, awaited function of the store, so that the machinery around it is compiled only once.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run(Store& store) = 0;  ///< as Job::run
};

/// What the loop is told after a batch.
struct News {
  News() = default;
  bool work = false;  ///< claim() may find something
  std::optional<Clock::time_point> next_due;
};

/// The only thread that writes. All jobs that arrive during one transaction share the next (group commit), and are completed
/// together after it. Jobs of one batch run in order of arrival.
class Writer {
 public:
  /// `tell` is called on the loop after every batch.
  Writer(std::unique_ptr<Store> store, const Options& options, asio::any_io_executor loop, std::function<void(News)> tell,
         Log log);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// Finishes the jobs already taken, then joins the thread.
  ~Writer();

  /// Runs `function(store)` in a transaction and returns its result once that is durable; rethrows what it threw, or throws
  /// Unavailable if the backlog is full. `bytes`: memory held meanwhile. Not cancellable: a cancellation shows at the caller's next await.
  template <class F>
  Task<std::invoke_result_t<F&, Store&>> run(F function, std::size_t bytes = 0);
  /// Takes a job that nobody awaits. On the loop, after has_room().
  void record(std::unique_ptr<Job> job);
  /// Whether a record of this size fits into the backlog.
  bool has_room(std::size_t bytes) const noexcept;

  Backlog backlog() const noexcept;
  const std::vector<RunId>& recovered() const noexcept { return recovered_; }

 private:
  using Batch = std::vector<std::unique_ptr<Job>>;

  template <class F>
  class Call;
  template <class Handler>
  class Awaited;

  /// The backlog, including the current batch. Shared with replies still on the loop, which may outlive the writer.
  struct Load {
    struct Part {
      std::size_t awaited = 0, records = 0, bytes = 0;
    };
    void take_off(const Part& part) {
      const std::lock_guard lock(mutex);
      awaited -= part.awaited;
      records -= part.records;
      bytes -= part.bytes;
    }
    mutable std::mutex mutex;
    std::size_t awaited = 0, records = 0, bytes = 0;
    std::function<void(News)> tell;
  };

  Task<> carry_out(std::shared_ptr<Work> work, std::size_t bytes);
  void reserve(std::size_t bytes);
  void push(std::unique_ptr<Job> job);
  void loop();
  bool next_batch(Batch& batch);
  void perform(Batch& batch);
  std::exception_ptr attempt(std::span<std::unique_ptr<Job>> jobs);
  void reply(Batch batch);

  std::unique_ptr<Store> store_;
  Options options_;
  asio::any_io_executor home_;
  std::shared_ptr<Load> load_;
  Log log_;
  std::vector<RunId> recovered_;

  std::mutex mutex_;  ///< guards waiting_, urgent_, stopping_, first_
  std::condition_variable wake_;
  Batch waiting_;
  bool urgent_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point first_;  ///< arrival of the first job in waiting_
  std::chrono::steady_clock::time_point began_;  ///< start of the last transaction; writer thread only
  bool crowded_ = false;                         ///< that transaction had several jobs; writer thread only

  std::thread thread_;
};

template <class F>
class Writer::Call final : public Work {
 public:
  using Result = std::invoke_result_t<F&, Store&>;

  explicit Call(F function) : function_(std::move(function)) {}
  void run(Store& store) override {
    result_.reset();
    if constexpr (std::is_void_v<Result>) {
      function_(store);
    } else {
      result_.emplace(function_(store));
    }
  }
  io::detail::Held<Result>& result() noexcept { return result_; }

 private:
  F function_;
  io::detail::Held<Result> result_;
};

template <class F>
Task<std::invoke_result_t<F&, Store&>> Writer::run(F function, std::size_t bytes) {
  const auto call = std::make_shared<Call<F>>(std::move(function));
  const std::shared_ptr<Work> work = call;
  co_await carry_out(work, bytes);
  if constexpr (!std::is_void_v<std::invoke_result_t<F&, Store&>>) co_return std::move(*call->result());
}

}  // namespace slipway::queue::sqlite

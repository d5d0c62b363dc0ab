#include "queue/sqlite/writer.hpp"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <span>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {

template <class Handler>
class Writer::Awaited final : public Job {
 public:
  Awaited(std::shared_ptr<Work> work, Handler handler) : work_(std::move(work)), handler_(std::move(handler)) {}

  void run(Store& store) override { work_->run(store); }
  void fail(std::exception_ptr why) noexcept override { error_ = std::move(why); }
  void complete() override {
    const auto executor = asio::get_associated_executor(handler_);
    asio::dispatch(executor, [handler = std::move(handler_), error = error_]() mutable { std::move(handler)(error); });
  }

 private:
  std::shared_ptr<Work> work_;
  Handler handler_;
  std::exception_ptr error_;
};

Task<> Writer::carry_out(std::shared_ptr<Work> work, std::size_t bytes) {
  reserve(bytes);
  auto start = [this, work, bytes](auto handler) {
    auto job = std::make_unique<Awaited<decltype(handler)>>(work, std::move(handler));
    job->bytes = bytes;
    push(std::move(job));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
}

Writer::Writer(std::unique_ptr<Store> store, const Options& options, asio::any_io_executor loop,
               std::function<void(News)> tell, Log log)
    : store_(std::move(store)), options_(options), home_(std::move(loop)), load_(std::make_shared<Load>()),
      log_(std::move(log)), recovered_(store_->recovered()) {
  load_->tell = std::move(tell);
  // Signals are handled on the loop's thread: block them in this one.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { this->loop(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  load_->tell = nullptr;
}

void Writer::reserve(std::size_t bytes) {
  const std::lock_guard lock(load_->mutex);
  const bool too_many = load_->awaited >= options_.max_waiting;
  const bool too_big = load_->bytes > 0 && load_->bytes + bytes > options_.max_waiting_bytes;
  if (too_many || too_big) {
    throw Unavailable("the queue has " + std::to_string(load_->awaited) + " operations waiting for the disk: try again later");
  }
  ++load_->awaited;
  load_->bytes += bytes;
}

bool Writer::has_room(std::size_t bytes) const noexcept {
  const std::lock_guard lock(load_->mutex);
  return load_->records < options_.max_records && load_->bytes + bytes <= options_.max_waiting_bytes;
}

void Writer::record(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(load_->mutex);
    ++load_->records;
    load_->bytes += job->bytes;
  }
  job->awaited = false;
  push(std::move(job));
}

void Writer::push(std::unique_ptr<Job> job) {
  constexpr std::size_t enough_records = 64;
  bool sleeps = false;
  {
    const std::lock_guard lock(mutex_);
    const bool urgent = job->awaited || waiting_.size() + 1 >= enough_records;
    sleeps = waiting_.empty() || (urgent && !urgent_);
    if (waiting_.empty()) first_ = std::chrono::steady_clock::now();
    waiting_.push_back(std::move(job));
    urgent_ = urgent_ || urgent;
  }
  if (sleeps) wake_.notify_one();
}

Backlog Writer::backlog() const noexcept {
  const std::lock_guard lock(load_->mutex);
  Backlog backlog;
  backlog.waiting = load_->awaited;
  backlog.records = load_->records;
  return backlog;
}

void Writer::loop() {
  for (Batch batch; next_batch(batch); batch = Batch()) {
    perform(batch);
    reply(std::move(batch));
  }
}

/// Waits for jobs: returns at once if any is awaited, after record_delay if there are only records.
bool Writer::next_batch(Batch& batch) {
  // Under load, transactions start at least this far apart: more jobs share each one, and far fewer pages are written.
  constexpr std::chrono::microseconds pace{500};
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (!urgent_ && !stopping_) {
    wake_.wait_until(lock, first_ + options_.record_delay, [this] { return stopping_ || urgent_; });
  }
  if (crowded_) wake_.wait_until(lock, began_ + pace, [this] { return stopping_; });
  began_ = std::chrono::steady_clock::now();
  batch.swap(waiting_);
  crowded_ = batch.size() > 1;
  urgent_ = false;
  return !batch.empty();
}

std::exception_ptr Writer::attempt(std::span<std::unique_ptr<Job>> jobs) {
  try {
    store_->begin();
    for (const auto& job : jobs) job->run(*store_);
    if (!store_->commit()) {
      log_.error("the disk failed to take the raw bytes of deliveries; their runs are safe", {{"operations", jobs.size()}});
    }
    if (const auto why = store_->take_untidy(); !why.empty()) log_.warn("the queue's files could not be tidied up", {{"error", why}});
    return nullptr;
  } catch (...) {
    store_->abort();
    return std::current_exception();
  }
}

void Writer::perform(Batch& batch) {
  const std::exception_ptr error = attempt(batch);
  if (!error) return;
  bool unavailable = false;
  try {
    std::rethrow_exception(error);
  } catch (const Unavailable& failure) {
    unavailable = true;
    log_.warn("the queue could not write", {{"error", failure.what()}, {"operations", batch.size()}});
  } catch (const std::exception& failure) {
    log_.error("an operation of the queue failed", {{"error", failure.what()}});
  }
  // A bug in one operation must not fail the others: retry each in its own transaction.
  for (auto& job : batch) {
    const bool alone = unavailable || batch.size() == 1;
    if (auto why = alone ? error : attempt({&job, 1})) job->fail(why);
  }
}

void Writer::reply(Batch batch) {
  News news;
  news.work = store_->take_news();
  news.next_due = store_->next_due();
  Load::Part part;
  for (const auto& job : batch) {
    part.bytes += job->bytes;
    ++(job->awaited ? part.awaited : part.records);
  }
  auto done = std::make_shared<Batch>(std::move(batch));
  asio::post(home_, [load = load_, done, news, part] {
    load->take_off(part);
    if (load->tell) load->tell(news);
    for (auto& job : *done) job->complete();
  });
}

}  // namespace slipway::queue::sqlite

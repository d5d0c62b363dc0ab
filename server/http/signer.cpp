#include "http/signer.hpp"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iterator>
#include <span>
#include <utility>

namespace slipway::http {

/// A message, and the task that waits for its digests, whatever its type.
struct Signer::Request {
  Request(std::shared_ptr<Keys> with, std::string_view what, std::vector<Sha256Digest>& where)
      : keys(std::move(with)), message(what), digests(where) {}
  virtual ~Request() = default;
  virtual void resume(std::exception_ptr error) = 0;
  std::shared_ptr<Keys> keys;
  std::string_view message;
  std::vector<Sha256Digest>& digests;  ///< the waiting task's
};

/// The requests of one round of the loop; owned by what is posted for its end, so that a loop that is gone has taken them along.
struct Signer::Round {
  using Requests = std::vector<std::unique_ptr<Request>>;

  // Resumes the tasks one after the other. What they ask for then is signed later.
  void answer_all() {
    const Requests ready = std::exchange(requests, Requests());
    std::exception_ptr error;
    try {
      const auto other_keys = [](const auto& a, const auto& b) { return a->keys != b->keys; };
      for (auto from = ready.begin(); from != ready.end();) {
        const auto last = std::adjacent_find(from, ready.end(), other_keys);
        const auto to = last == ready.end() ? last : std::next(last);
        sign(std::span(from, to));
        from = to;
      }
    } catch (...) {
      error = std::current_exception();
    }
    for (const auto& request : ready) request->resume(error);
  }

  // All of them with the same keys.
  static void sign(std::span<const std::unique_ptr<Request>> together) {
    std::vector<std::string_view> messages;
    messages.reserve(together.size());
    for (const auto& request : together) messages.push_back(request->message);
    HmacKeys& keys = together.front()->keys->ready;
    const std::vector<Sha256Digest> digests = keys.sign(messages);
    auto at = digests.begin();
    for (const auto& request : together) {
      const auto end = at + static_cast<std::ptrdiff_t>(keys.size());
      request->digests.assign(at, end);
      at = end;
    }
  }

  Requests requests;
  bool over = false;  ///< nobody joins it any more
};

namespace {

template <class Base, class Handler>
class Resumable final : public Base {
 public:
  Resumable(std::shared_ptr<Keys> with, std::string_view what, std::vector<Sha256Digest>& where, Handler task)
      : Base(std::move(with), what, where), task_(std::move(task)) {}
  void resume(std::exception_ptr error) override {
    const auto executor = asio::get_associated_executor(task_);
    asio::dispatch(executor, [task = std::move(task_), error]() mutable { std::move(task)(error); });
  }

 private:
  Handler task_;
};

}  // namespace

Signer::Round& Signer::round(const asio::any_io_executor& loop) {
  if (const auto present = round_.lock(); present != nullptr && !present->over) return *present;
  const auto fresh = std::make_shared<Round>();
  round_ = fresh;
  asio::post(loop, [fresh] {
    fresh->over = true;
    fresh->answer_all();
  });
  return *fresh;
}

Task<std::vector<Sha256Digest>> Signer::sign(std::shared_ptr<Keys> keys, std::string_view message) {
  if (message.size() > HmacKeys::longest_together) co_return keys->ready.sign({&message, 1});
  if (const auto present = round_.lock(); present != nullptr && present->requests.size() >= HmacKeys::lanes) present->answer_all();
  std::vector<Sha256Digest> digests;
  auto start = [&](auto task) {
    Round& present = round(asio::get_associated_executor(task));
    present.requests.push_back(std::make_unique<Resumable<Request, decltype(task)>>(std::move(keys), message, digests, std::move(task)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
  co_return digests;
}

}  // namespace slipway::http

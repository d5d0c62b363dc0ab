#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "http/secrets.hpp"
#include "io/task.hpp"
#include "queue/decision.hpp"
#include "trigger/gitea.hpp"

namespace slipway::http {

/// Judges a delivery by the current configuration (trigger::Matcher::judge). Called on the examiner's thread and the pool.
using Judge = std::function<Verdict(const Delivery&)>;

/// No signature, or a wrong one.
struct Unsigned {};

/// A push, and the decision on it.
struct Judged {
  Judged(Delivery what, Verdict means);
  Delivery delivery;  ///< without push.commits, which the body contains
  queue::Decision decision;
};

/// The result of an examination; an Error if the payload cannot be parsed.
using Finding = std::variant<Unsigned, Error, trigger::Ignored, Judged>;

namespace detail {
struct Waiting;
}

/// From bytes to verdict: verifies, parses and judges deliveries on its own thread, while the loop receives and answers
/// others. Deliveries that arrive while the thread is busy have their HMACs computed together (HmacKeys); a single one does not wait
/// for others. Used on the loop; must be destroyed before it.
class Examiner {
 public:
  /// `pool` handles bodies above 512 KiB, which would delay others; it must outlive the examiner.
  Examiner(Judge judge, asio::thread_pool& pool);
  Examiner(const Examiner&) = delete;
  Examiner& operator=(const Examiner&) = delete;
  /// Destroys the tasks of deliveries still being examined.
  ~Examiner();

  /// Throws what the judge and HmacKeys throw. Not cancellable; takes milliseconds.
  Task<Finding> examine(RawDelivery raw, std::shared_ptr<Keys> keys);

 private:
  using Waiting = std::unique_ptr<detail::Waiting>;
  using Batch = std::vector<Waiting>;

  void add(Waiting one, const asio::any_io_executor& loop);
  void begin(const asio::any_io_executor& loop);
  void work_through(const std::shared_ptr<const Batch>& batch, const asio::any_io_executor& loop);
  void answer(std::span<const Waiting> examined, bool last, const asio::any_io_executor& loop);

  const Judge judge_;
  asio::thread_pool& pool_;
  Batch next_;         ///< bounded by the listener's limit on bodies in flight
  bool busy_ = false;  ///< the thread has, or is about to get, a batch
  asio::thread_pool thread_{1};
};

}  // namespace slipway::http

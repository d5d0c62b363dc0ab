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

/// What a delivery means under the present configuration (trigger::Matcher::judge). Called on the examiner's threads.
using Judge = std::function<Verdict(const Delivery&)>;

/// No signature, or a wrong one.
struct Unsigned {};

/// A push, and what it leads to.
struct Judged {
  Judged(Delivery what, Verdict means);
  Delivery delivery;  ///< without its list of commits, which the body has
  queue::Decision decision;
};

/// What a delivery turned out to be; an error where the payload can not be read.
using Finding = std::variant<Unsigned, Error, trigger::Ignored, Judged>;

namespace detail {
struct Waiting;
}

/// From bytes to verdict: has deliveries verified, parsed and judged on a thread of its own, while the loop receives and answers
/// others. Those that came while the thread was busy are signed together (HmacKeys); one that comes alone waits for nobody.
/// Used on the loop; destroyed before it.
class Examiner {
 public:
  /// `pool` takes the bodies that are so large that others would wait for them; it outlives the examiner.
  Examiner(Judge judge, asio::thread_pool& pool);
  Examiner(const Examiner&) = delete;
  Examiner& operator=(const Examiner&) = delete;
  /// Deliveries that are still being examined are given up together with their tasks.
  ~Examiner();

  /// Throws what the judge and HmacKeys throw. It can not be cancelled: it takes milliseconds.
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
  Batch next_;         ///< bounded by the bodies that the listener holds at once
  bool busy_ = false;  ///< the thread has a batch, or is about to
  asio::thread_pool thread_{1};
};

}  // namespace slipway::http

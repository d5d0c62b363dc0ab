#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "http/examiner.hpp"
#include "http/metrics.hpp"
#include "http/rate_limit.hpp"
#include "http/secrets.hpp"
#include "http/handler.hpp"
#include "model/settings.hpp"
#include "queue/queue.hpp"

namespace slipway::http {

/// The webhook: turns signed deliveries into durable runs, and answers them (http/delivery_answer.hpp). Used on the loop.
class Receiver final : public RequestHandler {
 public:
  /// `watched` is called on the loop; `pool` handles large bodies (Examiner). Queue, metrics, pool and loop must outlive the receiver.
  Receiver(const WebhookSettings& settings, Secrets secrets, Judge judge, trigger::Watched watched, queue::Queue& queue,
           asio::thread_pool& pool, Metrics& metrics, Log log);

  /// From now on every delivery is answered 503 with Retry-After.
  void drain() noexcept { draining_ = true; }
  /// Adopts path and secrets of a reloaded configuration.
  void configure(const WebhookSettings& settings, Secrets secrets);

  std::optional<Answer> refuse(const Request& head) override;
  Task<Answer> answer(Request& request) override;
  void refused(int status, std::string_view why, std::string_view peer) override;

 private:
  struct Figures;
  Task<Answer> accept(const Delivery& delivery, const queue::Decision& decision);
  bool recorded(Delivery& delivery, queue::Decision& decision);
  Task<> wait_for_room(const Delivery& delivery, const queue::Decision& decision);
  void tell(const Delivery& delivery, const queue::Accepted& accepted);

  std::string path_;
  Secrets secrets_;
  Examiner examiner_;
  trigger::Watched watched_;
  queue::Queue& queue_;
  std::shared_ptr<Figures> figures_;
  Log log_;
  RateLimit refusal_lines_, accepted_lines_;
  bool draining_ = false;
};

/// The limits of the webhook listener.
Limits webhook_limits(const WebhookSettings& settings);

}  // namespace slipway::http

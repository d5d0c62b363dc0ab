#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "build/run_logs.hpp"
#include "config/catalogue.hpp"
#include "http/events.hpp"
#include "http/metrics.hpp"
#include "http/rate_limit.hpp"
#include "http/handler.hpp"
#include "queue/queue.hpp"
#include "queue/run_reader.hpp"
#include "run/control.hpp"
#include "run/drift.hpp"

namespace slipway::http {

/// What the operator API shows and controls. All of it must outlive the API; the functions are called on the loop.
struct Operations {
  Operations(queue::Queue& runs_queue, queue::RunReader& runs_reader, build::RunLogs& run_logs, run::Control& run_control,
             Events& what_happens, Metrics& figures, asio::thread_pool& blocking)
      : queue(runs_queue),
        reader(runs_reader),
        logs(run_logs),
        control(run_control),
        events(what_happens),
        metrics(figures),
        pool(blocking) {}
  /// Why the daemon takes no deliveries at present; empty if it does.
  std::string trouble() const { return not_ready ? not_ready() : std::string(); }

  queue::Queue& queue;
  queue::RunReader& reader;
  build::RunLogs& logs;
  run::Control& control;
  Events& events;
  Metrics& metrics;
  asio::thread_pool& pool;                                              ///< reads log files
  std::function<std::shared_ptr<const config::Catalogue>()> catalogue;  ///< current
  std::function<run::Drift()> drift;                                    ///< last comparison
  std::function<std::string()> not_ready;                               ///< see trouble()
  std::function<void(Metrics&)> refresh;                                ///< called before metrics are read; may be empty
};

/// The operator listener: health, metrics, and `/api/v1` behind a bearer token. Used on the loop.
class OperatorApi final : public RequestHandler {
 public:
  OperatorApi(Operations operations, std::string token, Log log);

  std::optional<Answer> refuse(const Request& head) override;
  Task<Answer> answer(Request& request) override;
  void refused(int status, std::string_view why, std::string_view peer) override;

 private:
  bool is_authorised(const Request& head) const;

  Operations operations_;
  std::string token_;
  Log log_;
  RateLimit refusal_lines_;
};

/// The limits of the operator listener.
Limits operator_limits();

}  // namespace slipway::http

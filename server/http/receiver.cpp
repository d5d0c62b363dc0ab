#include "http/receiver.hpp"

#include <fmt/format.h>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "http/delivery_answer.hpp"
#include "trigger/gitea.hpp"
#include "trigger/verify.hpp"

namespace slipway::http {

namespace {

constexpr std::chrono::seconds stop_retry{10};
constexpr std::uint32_t log_lines_per_second = 20;

RawDelivery take(Request& request) {
  RawDelivery raw;
  raw.headers = std::move(request.headers);
  raw.body = std::move(request.body);
  raw.target = std::move(request.target);
  raw.received = request.received;
  return raw;
}

bool same_path(std::string_view path, std::string_view configured) {
  const auto bare = [](std::string_view text) { return text.ends_with('/') ? text.substr(0, text.size() - 1) : text; };
  return bare(path) == bare(configured);
}

bool is_plain(std::string_view content_encoding) { return content_encoding.empty() || content_encoding == "identity"; }

Answer wrong_method() {
  Answer answer = problem(405, "a webhook is a POST");
  answer.allow = "POST";
  return answer;
}

Answer unsigned_answer() {
  Answer answer = problem(401, "the signature is missing or wrong");
  answer.challenge = "Signature realm=\"webhook\"";
  return answer;
}

}  // namespace

struct Receiver::Figures {
  explicit Figures(Metrics& metrics) : all(metrics) {}
  prometheus::Counter& outcome(const char* name) const {
    return all.counter("slipway_deliveries_total", "Deliveries answered, by what became of them", {{"outcome", name}});
  }
  Metrics& all;
  prometheus::Counter& accepted = outcome("accepted");
  prometheus::Counter& duplicate = outcome("duplicate");
  prometheus::Counter& unmatched = outcome("unmatched");
  prometheus::Counter& ignored = outcome("ignored");
  prometheus::Counter& refused = outcome("refused");
  prometheus::Counter& unrecorded =
      all.counter("slipway_deliveries_unrecorded_total", "Deliveries without a match that could not be recorded");
  prometheus::Histogram& seconds =
      prometheus::BuildHistogram()
          .Name("slipway_delivery_answer_seconds")
          .Help("Time from a delivery's last byte to its answer")
          .Register(all.registry())
          .Add({}, prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5});
};

Receiver::Receiver(const WebhookSettings& settings, Secrets secrets, Judge judge, trigger::Watched watched, queue::Queue& queue,
                   asio::thread_pool& pool, Metrics& metrics, Log log)
    : path_(settings.path),
      secrets_(std::move(secrets)),
      examiner_(std::move(judge), pool),
      watched_(std::move(watched)),
      queue_(queue),
      figures_(std::make_shared<Figures>(metrics)),
      log_(std::move(log)),
      refusal_lines_(log_lines_per_second),
      accepted_lines_(log_lines_per_second) {}

void Receiver::configure(const WebhookSettings& settings, Secrets secrets) {
  path_ = settings.path;
  secrets_ = std::move(secrets);
}

std::optional<Answer> Receiver::refuse(const Request& head) {
  if (!same_path(head.path(), path_)) return problem(404, "there is nothing here");
  if (head.method != "POST") return wrong_method();
  if (draining_) return unavailable("slipway is stopping", stop_retry);
  const auto type = head.header("Content-Type");
  const bool known = trigger::has_media_type(type, trigger::json_type) || trigger::has_media_type(type, trigger::form_type);
  if (!known) return problem(415, "the content type is neither application/json nor application/x-www-form-urlencoded");
  if (!is_plain(head.header("Content-Encoding"))) return problem(415, "a compressed body is not taken");
  return std::nullopt;
}

Task<Answer> Receiver::answer(Request& request) {
  const auto began = std::chrono::steady_clock::now();
  Finding finding = co_await examiner_.examine(take(request), secrets_.current());
  Answer answer;
  if (auto* judged = std::get_if<Judged>(&finding)) {
    if (!judged->decision.promises_nothing()) {
      answer = co_await accept(judged->delivery, judged->decision);
    } else {
      answer = answer_unmatched(judged->delivery.id, judged->decision);
      if (!recorded(judged->delivery, judged->decision)) co_await wait_for_room(judged->delivery, judged->decision);
    }
  } else if (auto* ignored = std::get_if<trigger::Ignored>(&finding)) {
    ignored->reason = trigger::reason_of(*ignored, watched_);
    figures_->ignored.Increment();
    log_.debug("delivery ignored", {{"delivery", ignored->id.value()}, {"reason", ignored->reason}});
    answer = answer_ignored(*ignored);
  } else {
    const auto* error = std::get_if<Error>(&finding);
    answer = error != nullptr ? problem(400, error->what()) : unsigned_answer();
    refused(answer.status, answer.why, request.peer);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  figures_->seconds.Observe(took.count());
  co_return answer;
}

Task<Answer> Receiver::accept(const Delivery& delivery, const queue::Decision& decision) {
  const queue::Accepted accepted = co_await queue_.accept(delivery, decision);
  (accepted.duplicate ? figures_->duplicate : figures_->accepted).Increment();
  tell(delivery, accepted);
  co_return answer_accepted(accepted, decision);
}

// Stored asynchronously after the response: an unmatched delivery creates no run, so durability need not be awaited.
bool Receiver::recorded(Delivery& delivery, queue::Decision& decision) {
  figures_->unmatched.Increment();
  log_.debug("delivery matches nothing", {{"delivery", delivery.id.value()}, {"repository", delivery.push.repository.value()}});
  return queue_.record(std::move(delivery), std::move(decision));
}

// The backlog is full: making the sender wait bounds the memory used, and still records the delivery.
Task<> Receiver::wait_for_room(const Delivery& delivery, const queue::Decision& decision) {
  try {
    co_await queue_.accept(delivery, decision);
  } catch (const Unavailable&) {
    figures_->unrecorded.Increment();
  }
}

void Receiver::tell(const Delivery& delivery, const queue::Accepted& accepted) {
  if (!accepted_lines_.passes()) return;
  log_.info(accepted.duplicate ? "delivery received again" : "delivery accepted",
            {{"delivery", delivery.id.value()},
             {"repository", delivery.push.repository.value()},
             {"commit", delivery.push.after.value()},
             {"runs", accepted.runs.size()},
             {"pending", accepted.pending},
             {"unlogged", accepted_lines_.take_held_back()}});
}

void Receiver::refused(int status, std::string_view why, std::string_view peer) {
  figures_->refused.Increment();
  figures_->all.counter("slipway_refusals_total", "Requests to the webhook that were refused, by status", {{"status", std::to_string(status)}})
      .Increment();
  if (!refusal_lines_.passes()) return;
  log_.warn("delivery refused",
            {{"status", status}, {"reason", why}, {"peer", peer}, {"unlogged", refusal_lines_.take_held_back()}});
}

Limits webhook_limits(const WebhookSettings& settings) {
  Limits limits;
  limits.max_body = settings.max_body;
  limits.max_in_flight = settings.max_in_flight;
  limits.max_connections = settings.max_connections;
  limits.length_required = true;
  limits.read_timeout = settings.read_timeout;
  limits.idle_timeout = settings.idle_timeout;
  limits.answer_timeout = std::chrono::milliseconds(4000);  // Gitea waits 5 s for the whole exchange
  return limits;
}

}  // namespace slipway::http

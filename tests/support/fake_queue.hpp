#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "queue/queue.hpp"

namespace slipway::test {

/// A queue that remembers what it was given, for tests of those who only deliver. Everything else throws. A second delivery of
/// one id is a duplicate. Used on one thread.
class FakeQueue final : public queue::Queue {
 public:
  std::vector<std::pair<Delivery, queue::Decision>> accepted, recorded;
  std::string trouble;          ///< not empty: accept() throws Unavailable with it
  bool takes_records = true;

  Task<queue::Accepted> accept(const Delivery& delivery, const queue::Decision& decision) override {
    if (!trouble.empty()) throw Unavailable(trouble);
    queue::Accepted answer;
    answer.delivery = delivery.id;
    answer.pending = decision.pending();
    for (const auto& [known, runs] : answers_) {
      if (known != delivery.id) continue;
      answer.duplicate = true;
      answer.pending = false;
      answer.runs = runs;
      co_return answer;
    }
    for (const auto& run : decision.runs()) answer.runs.emplace_back(RunId(++last_run_), run.template_name, RunState::queued);
    answers_.emplace_back(delivery.id, answer.runs);
    accepted.emplace_back(delivery, decision);
    co_return answer;
  }
  bool record(Delivery&& delivery, queue::Decision&& decision) override {
    if (takes_records) recorded.emplace_back(std::move(delivery), std::move(decision));
    return takes_records;
  }
  /// What a duplicate of the first delivery will be told about its first run.
  void first_run_is(RunState state, std::string reason) {
    auto& run = answers_.at(0).second.at(0);
    run.state = state;
    run.reason = std::move(reason);
  }

  Task<> configure(const schedule::Policy&) override { return no<void>(); }
  Task<std::vector<queue::Pending>> pending(const DeliveryId&, std::size_t, const std::set<RepoName>&) override { return no<std::vector<queue::Pending>>(); }
  Task<std::vector<queue::MadeRun>> complete(const DeliveryId&, const Verdict&, bool) override { return no<std::vector<queue::MadeRun>>(); }
  Task<std::vector<queue::Taken>> taken(const RepoName&, const std::string&, const DeliveryId&) override { return no<std::vector<queue::Taken>>(); }
  Task<> doubt(const DeliveryId&) override { return no<void>(); }
  Task<std::vector<queue::BranchHead>> branch_heads() override { return no<std::vector<queue::BranchHead>>(); }
  Task<std::optional<queue::Claim>> claim() override { return no<std::optional<queue::Claim>>(); }
  Task<std::vector<queue::Rival>> rivals(const queue::Lease&, RunId) override { return no<std::vector<queue::Rival>>(); }
  Task<std::vector<queue::Rival>> newer_rivals(const queue::Lease&) override { return no<std::vector<queue::Rival>>(); }
  Task<std::size_t> supersede(const std::vector<RunId>&, RunId, const std::string&) override { return no<std::size_t>(); }
  Task<bool> stage_started(const queue::Lease&, Stage) override { return no<bool>(); }
  Task<bool> stage_finished(const queue::Lease&, Stage, const std::string&, const std::string&) override { return no<bool>(); }
  Task<bool> chose_tag(const queue::Lease&, const std::string&) override { return no<bool>(); }
  Task<bool> built(const queue::Lease&, const BuildResults&) override { return no<bool>(); }
  Task<bool> finish(const queue::Lease&, const RunOutcome&) override { return no<bool>(); }
  Task<std::optional<RunId>> replace(const queue::Lease&, const CommitSha&, const Parameters&, const std::string&) override {
    return no<std::optional<RunId>>();
  }
  Task<> wait_for_work(Clock::time_point) override { return no<void>(); }
  const std::vector<RunId>& recovered() const noexcept override { return recovered_; }
  Task<queue::Answer> cancel_queued(RunId) override { return no<queue::Answer>(); }
  Task<queue::Answer> retry(RunId, const queue::RetryRequest&) override { return no<queue::Answer>(); }
  Task<> hold(const TemplateName&, const std::string&) override { return no<void>(); }
  Task<bool> release(const TemplateName&) override { return no<bool>(); }
  Task<std::optional<queue::Hold>> held(const TemplateName&) override { return no<std::optional<queue::Hold>>(); }
  Task<std::optional<queue::HandedOffLast>> last_handed_off(const TemplateName&, const std::string&) override {
    return no<std::optional<queue::HandedOffLast>>();
  }
  Task<> set_last_handed_off(const TemplateName&, const std::string&, const queue::HandedOffLast&) override { return no<void>(); }
  Task<std::vector<RunId>> expired(Clock::time_point, std::size_t) override { return no<std::vector<RunId>>(); }
  Task<> forget(const std::vector<RunId>&) override { return no<void>(); }
  Task<queue::Cleaned> clean(Clock::time_point) override { return no<queue::Cleaned>(); }
  queue::Backlog backlog() const noexcept override { return queue::Backlog(); }

 private:
  template <class T>
  static Task<T> no() {
    throw std::logic_error("the fake queue only takes deliveries");
  }
  std::vector<std::pair<DeliveryId, std::vector<queue::MadeRun>>> answers_;
  std::vector<RunId> recovered_;
  std::int64_t last_run_ = 0;
};

}  // namespace slipway::test

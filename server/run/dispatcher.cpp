#include "run/dispatcher.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/failure.hpp"

namespace slipway::run {
namespace {

constexpr auto look_again = std::chrono::seconds(30);       ///< longest interval between claim()s
constexpr auto newer_look = std::chrono::seconds(1);        ///< polling interval for `on_newer: cancel`
constexpr auto write_again = std::chrono::milliseconds(500); ///< retry interval while the queue is unavailable

std::string_view outcome_name(const RunOutcome& outcome) {
  constexpr std::array<std::string_view, 6> names{"handed off", "unchanged", "superseded", "failed", "cancelled", "postponed"};
  return names[outcome.index()];
}

std::string reason_of(const RunOutcome& outcome) {
  if (const auto* failed = std::get_if<Failed>(&outcome)) return failed->reason;
  if (const auto* old = std::get_if<Superseded>(&outcome)) return old->why;
  if (const auto* later = std::get_if<Postponed>(&outcome)) return later->reason;
  if (const auto* unchanged = std::get_if<Unchanged>(&outcome)) return unchanged->why;
  if (const auto* cancelled = std::get_if<Cancelled>(&outcome)) return cancelled->why;
  return "";
}

void tell_end(build::RunLog& log, const RunOutcome& outcome, const std::string& reason) {
  if (const auto* failed = std::get_if<Failed>(&outcome)) log.stage_done(failed->stage, "failed", reason);
  log.note(fmt::format("{}{}{}", outcome_name(outcome), reason.empty() ? "" : ": ", reason));
}

/// Whether what a run was stopped for takes the place of how it ended. A run that would be tried again does not come back once it was
/// cancelled; while the daemon drains it does, with its own reason.
bool gives_way(const RunOutcome& outcome, const RunOutcome& instead) {
  const bool is_interrupted = std::holds_alternative<Cancelled>(outcome);
  return is_interrupted || (std::holds_alternative<Postponed>(outcome) && !std::holds_alternative<Postponed>(instead));
}

Task<> stage_started(queue::Queue& queue, queue::Lease lease, Stage stage) { co_await queue.stage_started(lease, stage); }

Task<> stage_finished(queue::Queue& queue, queue::Lease lease, StageRecord record) {
  co_await queue.stage_finished(lease, record.stage, record.outcome, record.detail);
}

std::string words_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& failure) {
    return failure.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

Denial no_run(RunId run) { return Denial(Denial::Why::not_found, fmt::format("there is no run {}", run.value())); }
Denial conflict(std::string words) { return Denial(Denial::Why::conflict, std::move(words)); }
/// A full disk is waited for as such, whatever the run was about to reach.
WaitingFor waits_for(const Unavailable& error, WaitingFor otherwise) {
  return dynamic_cast<const NoRoom*>(&error) != nullptr ? WaitingFor::disk : otherwise;
}


}  // namespace

struct Dispatcher::Active {
  explicit Active(queue::Claim claimed) : claim(std::move(claimed)), progress(claim.run.next_stage) {}
  queue::Claim claim;
  Progress progress;
  std::shared_ptr<Performer> performer;
  OnNewer on_newer = OnNewer::finish;
  schedule::RetryPolicy retries;
  asio::cancellation_signal signal;
  std::optional<RunOutcome> instead;  ///< outcome to record if the run ends by cancellation
  bool ended = false;
};

Dispatcher::Dispatcher(queue::Queue& queue, build::RunLogs& logs, io::TimeSource& time, asio::any_io_executor loop, Log log)
    : queue_(queue), logs_(logs), time_(time), loop_(loop), log_(log), notes_(loop, log), emptied_(loop) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::use(std::shared_ptr<Performer> performer, std::shared_ptr<const config::Catalogue> catalogue, schedule::RetryPolicy retries) {
  performer_ = std::move(performer);
  catalogue_ = std::move(catalogue);
  retries_ = retries;
}

Task<> Dispatcher::serve() {
  while (!draining_) {
    std::string trouble;
    std::optional<queue::Claim> claim;
    try {
      claim = co_await queue_.claim();
    } catch (const Unavailable& error) {
      trouble = error.what();
    }
    if (claim && draining_) {  // drain() was called during the claim
      RunOutcome back = Postponed(claim->run.next_stage, WaitingFor::none, "the daemon was stopping", time_.now());
      co_await write_end(claim->lease, std::move(back));
    } else if (claim) {
      start(*std::move(claim));
    } else if (trouble.empty()) {
      co_await queue_.wait_for_work(time_.now() + look_again);
    } else {
      log_.error("no run could be claimed", {{"error", trouble}});
      co_await time_.sleep_for(write_again);
    }
  }
}

void Dispatcher::start(queue::Claim claim) {
  auto active = std::make_shared<Active>(std::move(claim));
  active->performer = performer_;
  active->retries = retries_;
  if (const auto* known = catalogue_->find(active->claim.run.template_name)) active->on_newer = known->on_newer;
  const RunId run = active->claim.run.id;
  active_[run] = active;
  log_.info("run started", {{"run", run.value()}, {"template", active->claim.run.template_name.value()}, {"commit", active->claim.run.commit.value()}});
  if (observer_) observer_(active->claim.run, "running");
  if (active->on_newer == OnNewer::cancel) notes_.spawn("watch for newer runs", watch_for_newer(active));
  asio::co_spawn(loop_, work_on(active), asio::bind_cancellation_slot(active->signal.slot(), [this, active, run](std::exception_ptr error) {
    if (error) log_.error("a run's end could not be written down", {{"run", run.value()}, {"error", words_of(error)}});
    active->ended = true;
    active_.erase(run);
    if (active_.empty()) emptied_.cancel();
  }));
}

Task<> Dispatcher::work_on(std::shared_ptr<Active> active) {
  const RunId run = active->claim.run.id;
  const auto lease = active->claim.lease;
  const auto note = [this, lease](const StageRecord& record) {
    notes_.spawn("stage", record.finished ? stage_finished(queue_, lease, record) : stage_started(queue_, lease, record.stage));
  };
  std::unique_ptr<build::RunLog> log;
  std::optional<RunOutcome> outcome;
  try {
    log = logs_.begin(run, note);
  } catch (const Unavailable& error) {  // the disk is full: do not run what cannot be logged
    outcome = after_accident(*active, waits_for(error, WaitingFor::retry), error.what());
  }
  if (log) outcome = co_await outcome_of(*active, *log);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const std::string reason = reason_of(*outcome);
  if (log) tell_end(*log, *outcome, reason);
  log_.info("run ended", {{"run", run.value()}, {"template", active->claim.run.template_name.value()}, {"outcome", outcome_name(*outcome)}, {"reason", reason}});
  const std::string ended(outcome_name(*outcome));
  co_await write_end(lease, *std::move(outcome));
  if (observer_) observer_(active->claim.run, ended);
}

Task<RunOutcome> Dispatcher::outcome_of(Active& active, build::RunLog& log) {
  std::optional<RunOutcome> outcome;
  try {
    outcome = co_await active.performer->perform(active.claim, log, active.progress);
  } catch (const Unavailable& error) {
    outcome = after_accident(active, waits_for(error, active.progress.at == Stage::build ? WaitingFor::registry : WaitingFor::git), error.what());
  } catch (const Refused& error) {
    outcome = Failed(active.progress.at, error.what());
  } catch (const std::filesystem::filesystem_error& error) {  // the disk is full or failing
    outcome = after_accident(active, is_no_room(error.code()) ? WaitingFor::disk : WaitingFor::retry, error.what());
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) outcome = Cancelled("cancelled");
    else outcome = Failed(active.progress.at, fmt::format("internal error: {}", error.what()));
  } catch (const std::exception& error) {
    outcome = Failed(active.progress.at, fmt::format("internal error: {}", error.what()));
  }
  if (active.instead && gives_way(*outcome, *active.instead)) co_return meant_by(active);
  auto* lost = std::get_if<Postponed>(&*outcome);
  if (lost && lost->waiting_for == WaitingFor::retry && !lost->until) co_return after_accident(active, WaitingFor::retry, lost->reason);
  co_return *std::move(outcome);
}

RunOutcome Dispatcher::meant_by(const Active& active) {
  RunOutcome meant = *active.instead;
  if (auto* back = std::get_if<Postponed>(&meant)) back->stage = active.progress.at;  // it may have got further since
  return meant;
}

RunOutcome Dispatcher::after_accident(const Active& active, WaitingFor what, const std::string& words) const {
  const auto seed = static_cast<std::uint64_t>(active.claim.run.id.value());
  const auto when = schedule::next_try(active.retries, active.claim.trouble, active.progress.at, what, time_.now(), seed);
  if (when) return Postponed(active.progress.at, what, words, *when);
  return Failed(active.progress.at, fmt::format("{} (given up after {} tries; `slipway retry {}` goes on where it stopped)", words,
                                       active.claim.trouble.failures + 1, active.claim.run.id.value()));
}

Task<bool> Dispatcher::write_once(const queue::Lease& lease, const RunOutcome& outcome) {
  const auto* superseded = std::get_if<Superseded>(&outcome);
  if (superseded == nullptr || !superseded->successor) co_return co_await queue_.finish(lease, outcome);
  const auto& next = *superseded->successor;
  const auto made = co_await queue_.replace(lease, next.commit, next.parameters, superseded->why);
  if (made) log_.info("a run takes the place of one that a forced push took off the branch",
                      {{"run", made->value()}, {"instead_of", lease.run.value()}, {"commit", next.commit.value()}});
  co_return made.has_value();
}

Task<> Dispatcher::write_end(queue::Lease lease, RunOutcome outcome) {
  while (true) {
    std::string trouble;
    try {
      const bool mine = co_await write_once(lease, outcome);
      if (!mine) log_.warn("a run's end came too late: somebody else has it", {{"run", lease.run.value()}});
      co_return;
    } catch (const Unavailable& error) {
      trouble = error.what();
    }
    log_.error("a run's end cannot be written yet", {{"run", lease.run.value()}, {"error", trouble}});
    co_await time_.sleep_for(write_again);
  }
}

Task<> Dispatcher::watch_for_newer(std::shared_ptr<Active> active) {
  while (!active->ended) {
    co_await time_.sleep_for(newer_look);
    if (active->ended || active->progress.at == Stage::handoff) co_return;
    std::optional<RunId> later;
    try {
      const auto newer = co_await queue_.newer_rivals(active->claim.lease);
      if (!newer.empty()) later = co_await active->performer->later_than(active->claim.run, newer);
    } catch (const Unavailable& error) {
      log_.debug("whether a later run waits is not known yet", {{"run", active->claim.run.id.value()}, {"error", error.what()}});
    }
    if (!later || active->ended) continue;
    stop(*active, Superseded(fmt::format("run {} builds a later commit, and on_newer says cancel", later->value())));
    co_return;
  }
}

void Dispatcher::stop(Active& active, RunOutcome instead) {
  if (!active.instead) active.instead = std::move(instead);
  active.progress.stopped = true;
  active.signal.emit(asio::cancellation_type::terminal);
}

Task<> Dispatcher::drain(std::chrono::seconds limit) {
  draining_ = true;
  emptied_.expires_after(limit);
  if (!active_.empty()) {
    boost::system::error_code woken;
    co_await emptied_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

Task<> Dispatcher::put_back() {
  const auto left = active_;
  for (const auto& [run, active] : left) stop(*active, Postponed(active->progress.at, WaitingFor::none, "the daemon was stopping", time_.now()));
  while (!active_.empty()) {
    emptied_.expires_after(look_again);
    boost::system::error_code woken;
    co_await emptied_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_await notes_.join(look_again);
}

Task<std::optional<Denial>> Dispatcher::cancel(RunId run) {
  const auto answer = co_await queue_.cancel_queued(run);
  if (answer == queue::Answer::done) co_return std::nullopt;
  if (answer == queue::Answer::unknown) co_return no_run(run);
  if (answer == queue::Answer::not_allowed) co_return conflict(fmt::format("run {} has ended: there is nothing to cancel", run.value()));
  const auto found = active_.find(run);
  if (found == active_.end()) co_return conflict(fmt::format("run {} is just ending", run.value()));
  stop(*found->second, Cancelled("a person cancelled it"));
  co_return std::nullopt;
}

Task<std::optional<Denial>> Dispatcher::retry(RunId run, RetryOptions options) {
  const queue::RetryRequest request(options.allow_rollback, options.rebuild);
  const auto answer = co_await queue_.retry(run, request);
  switch (answer) {
    case queue::Answer::done: co_return std::nullopt;
    case queue::Answer::unknown: co_return no_run(run);
    case queue::Answer::is_running: co_return conflict(fmt::format("run {} is running: cancel it first", run.value()));
    case queue::Answer::not_allowed: break;
  }
  co_return conflict(fmt::format("run {} is queued or has succeeded: there is nothing to try again (--allow-rollback deploys what it "
                              "built once more, --rebuild builds it anew)", run.value()));
}

Task<std::optional<Denial>> Dispatcher::release(TemplateName name) {
  if (!catalogue_->find(name)) co_return Denial(Denial::Why::not_found, fmt::format("there is no template {}", name.value()));
  const bool was_held = co_await queue_.release(name);
  if (!was_held) co_return conflict(fmt::format("{} is not on hold", name.value()));
  co_return std::nullopt;
}

}  // namespace slipway::run

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/failure.hpp"
#include "house.hpp"
#include "run/performer.hpp"
#include "team.hpp"

namespace slipway::test {

/// Every build fails, and is remembered: what these tests ask is what is built. Unless it is to be cancelled at its end.
class FailingExecutor final : public build::Executor {
 public:
  std::vector<CommitSha> built;
  run::Progress progress{Stage::checkout};
  bool cancelled_at_the_end = false;
  bool hangs = false;       ///< until it is false again, deaf to cancellation
  std::string unreachable;  ///< what the registry's connection breaks with
  std::string no_room;      ///< if not empty, the disk is full
  std::string rebuild_tag, chosen_tag;  ///< of the last order; chosen by the next rebuild
  Task<build::BuildOutcome> check_and_build(const build::BuildOrder& order, build::RunLog&) override {
    built.push_back(order.commit);
    rebuild_tag = order.rebuild_tag;
    if (order.rebuild) co_await order.keep_tag(chosen_tag);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer soon(co_await asio::this_coro::executor);
    while (hangs) {
      soon.expires_after(std::chrono::milliseconds(1));
      co_await soon.async_wait(asio::use_awaitable);
    }
    if (!unreachable.empty()) throw Unavailable(unreachable);
    if (!no_room.empty()) throw NoRoom(no_room);
    if (!cancelled_at_the_end) co_return Failed(Stage::build, "exit 1");
    progress.stopped = true;
    build::Built end;
    end.results.image = order.image;
    end.results.tag = order.tag;
    co_return end;
  }
  Task<> tidy_up(const TemplateName&) override { co_return; }
  Task<> reclaim(std::span<const RunId>) override { co_return; }
};

class NoRegistry final : public build::Registry {
 public:
  Task<std::optional<build::Manifest>> find(const std::string&, const std::string&) override { co_return std::nullopt; }
  Task<> tag(const std::string&, const Digest&, const std::string&) override { co_return; }
  Task<> login() override { co_return; }
};

/// main is a, b, c, d, unless a test moves it.
struct Workshop : Team {
  Workshop() : Team(Templates{{"t", "Org/a"}}) {
    sources.add('a', {});
    for (const char commit : {'b', 'c', 'd'}) sources.add(commit, {FakeSources::named(static_cast<char>(commit - 1))});
    settings.state = folder / "state";
  }
  RunOutcome perform(const queue::Claim& claim) {
    executor.progress = run::Progress(Stage::checkout);
    return get(performer.perform(claim, log, executor.progress));
  }
  RunOutcome perform_next() { return perform(get(store.queue->claim()).value()); }
  /// A run that waits with its image for the hand-off.
  RunId built(const std::string& id, char before, char after) {
    accept(id, before, after);
    const auto claim = get(store.queue->claim()).value();
    BuildResults results;
    results.image = "registry.example.com/apps/t";
    results.tag = short_tag(claim.run.commit);
    get(store.queue->built(claim.lease, results));
    const RunOutcome waits = Postponed(Stage::handoff, WaitingFor::none, "", time.now());
    get(store.queue->finish(claim.lease, waits));
    return claim.lease.run;
  }
  void handed_off(char commit) {
    const auto name = FakeSources::named(commit);
    const queue::HandedOffLast last(short_tag(name), name, FakeSources::named('f'));
    get(store.queue->set_last_handed_off(TemplateName("t"), "t.yaml", last));
  }
  static std::string superseded(const RunOutcome& outcome) {
    const auto* end = std::get_if<Superseded>(&outcome);
    return end == nullptr ? "" : end->why;
  }

  Settings settings;
  FailingExecutor executor;
  NoRegistry registry;
  test::FakeInfra infra;
  io::HttpClient http;
  asio::thread_pool files{1};
  test::NoteLog log;
  run::DriftWatch drift{infra, http, time, Log()};
  run::Handoffs handoffs{run::HandOffTools{infra, sources, *store.queue, time, Log(), nullptr}, settings.handoff, registry, drift,
                         loop.get_executor()};
  run::Performer performer{run::PerformTools{*store.queue, sources, executor, handoffs, files, time, Log()}, catalogue, matcher, settings};
};

}  // namespace slipway::test

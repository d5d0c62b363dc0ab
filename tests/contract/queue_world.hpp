#pragma once

// What the contract tests of every Queue share. The factory is the only line that names a back-end.

#include <catch2/catch.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "queue/open.hpp"
#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::test {


using namespace std::chrono_literals;
using queue::Answer;
using queue::Lease;
using test::run_coroutine;

/// A commit by a short name: `a` is aaaa…
inline CommitSha sha(char digit) { return CommitSha(std::string(40, digit)); }
inline CommitSha sha_of(int number) {
  char text[41];
  std::snprintf(text, sizeof text, "%040x", number);
  return CommitSha(text);
}

inline Delivery push(const std::string& id, CommitSha before, CommitSha after, const std::string& repository = "Org/app") {
  Delivery delivery;
  delivery.id = DeliveryId(id);
  delivery.push.repository = RepoName(repository);
  delivery.push.ref = "refs/heads/main";
  delivery.push.before = std::move(before);
  delivery.push.after = std::move(after);
  delivery.body = std::make_shared<std::string>("{\"after\":\"" + delivery.push.after.value() + "\"}");
  delivery.fingerprint.fill('1');
  delivery.headers.add("X-Gitea-Event", "push");
  delivery.headers.add("Accept", "one");
  delivery.headers.add("Accept", "two");
  delivery.target = "/hooks?x=1";
  delivery.received = Clock::time_point(std::chrono::seconds(1'700'000'000));
  return delivery;
}

inline Verdict matches(const std::vector<std::string>& templates) {
  Verdict verdict;
  for (const auto& name : templates) {
    RunRequest& run = verdict.runs.emplace_back();
    run.template_name = TemplateName(name);
    run.trigger = "on-" + name;
    run.parameters = {{"git-revision", "x"}, {"quote\"", "line\nbreak ü"}};
  }
  verdict.skipped.emplace_back("other", "no path matches");
  return verdict;
}

/// A queue in a folder of its own, with a clock that the test moves.
struct QueueWorld {
  QueueWorld() { open(); }
  explicit QueueWorld(const queue::Options& wanted) : options(wanted) { open(); }
  ~QueueWorld() { close(); }

  void open() {
    loop = std::make_unique<asio::io_context>(1);
    auto both = queue::open_sqlite(dir / "state", options, loop->get_executor(), time, Log());
    queue = std::move(both.queue);
    reader = std::move(both.reader);
  }
  void close() {
    queue.reset();
    reader.reset();
    loop.reset();
  }
  void reopen() {
    close();
    open();
  }
  template <class T>
  T get(Task<T> task) {
    return run_coroutine(*loop, std::move(task));
  }

  queue::Accepted accept(const Delivery& delivery, const Verdict& verdict) {
    const queue::Decision decision(verdict);
    return get(queue->accept(delivery, decision));
  }
  std::optional<queue::Claim> claim() { return get(queue->claim()); }
  bool finish(const Lease& lease, const RunOutcome& outcome) { return get(queue->finish(lease, outcome)); }
  Run run(RunId id) { return get(reader->run(id)).value(); }
  RunState state(RunId id) { return run(id).state; }

  test::TmpDir dir;
  test::ManualTime time;
  queue::Options options;
  std::unique_ptr<asio::io_context> loop;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<queue::RunReader> reader;
};

inline BuildResults results() {
  BuildResults made;
  made.image = "zot/app";
  made.tag = "aaaaaaaa";
  made.digest = Digest("sha256:" + std::string(64, 'd'));
  return made;
}

inline const RunOutcome done = HandedOff(sha('f'));


}  // namespace slipway::test

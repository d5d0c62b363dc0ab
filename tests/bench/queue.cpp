// What the queue costs beside the disk it writes to, all in one run on one disk:
//   accepts a second, group-committed, at concurrency 32, as a ratio to a bare loop that writes the same bytes and calls fdatasync;
//   accept and claim with 100,000 finished and 10,000 queued runs, as a ratio to an empty database; opening that database.
// --json prints a list of figures. --quick does a tenth of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "io/descriptor.hpp"
#include "io/time.hpp"
#include "queue/open.hpp"

namespace {

using namespace slipway;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

double percentile(std::vector<double> values, double which) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(which * static_cast<double>(values.size())))];
}

std::string hex40(std::uint64_t number) {
  char text[41];
  std::snprintf(text, sizeof text, "%016llx%024llx", static_cast<unsigned long long>(number * 0x9e3779b97f4a7c15ull),
                static_cast<unsigned long long>(number));
  return text;
}

/// A folder under the present one, since /tmp may be memory.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::current_path() / "bench-queue-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

/// Pushes of one branch in a chain, each with an 8.5 KB body, headers as Gitea sends them and 19 triggers that did not match.
class Pushes {
 public:
  explicit Pushes(std::size_t matching) : body_(std::make_shared<std::string>(8500, 'x')) {
    for (std::size_t i = 0; i < matching; ++i) {
      RunRequest& run = verdict_.runs.emplace_back();
      run.template_name = TemplateName("lumie-grading-svc-build-template");
      run.trigger = "github-push-grading";
      run.parameters["git-url"] = "http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-worker.git";
      run.parameters["git-revision"] = hex40(7);
    }
    for (std::size_t i = matching; i < 20; ++i) {
      verdict_.skipped.emplace_back("github-push-" + std::to_string(i), "no changed path begins with services/");
    }
  }
  Delivery next(const std::string& repository = "Lumie-Edu/lumie-worker") {
    Delivery delivery;
    const std::uint64_t number = ++count_;
    const std::string digits = hex40(number);
    delivery.id = DeliveryId(digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(28, 12));
    delivery.push.repository = RepoName(repository);
    delivery.push.ref = "refs/heads/main";
    delivery.push.before = CommitSha(hex40(number - 1));
    delivery.push.after = CommitSha(hex40(number));
    delivery.body = body_;
    delivery.fingerprint = sha256(digits);
    delivery.target = "/hooks";
    delivery.received = Clock::now();
    for (const char* name : {"X-Gitea-Delivery", "X-Gitea-Event", "X-Gitea-Event-Type", "X-Gitea-Signature", "X-Gogs-Delivery",
                             "X-Gogs-Event", "X-Hub-Signature", "X-Hub-Signature-256", "Content-Type", "User-Agent"}) {
      delivery.headers.add(name, digits);
    }
    return delivery;
  }
  const Verdict& verdict() const { return verdict_; }

 private:
  std::shared_ptr<const std::string> body_;
  Verdict verdict_;
  std::uint64_t count_ = 0;
};

struct Rate {
  double per_second = 0, p50_ms = 0, p99_ms = 0;
};

Task<> sender(queue::Queue& queue, Pushes& pushes, std::size_t& left, std::vector<double>& latencies) {
  while (left > 0) {
    --left;
    const Delivery delivery = pushes.next();
    const auto start = Steady::now();
    const queue::Decision decision(pushes.verdict());
    const auto accepted = co_await queue.accept(delivery, decision);
    latencies.push_back(seconds_since(start) * 1000);
    if (accepted.duplicate) std::abort();
  }
}

Rate accept_many(queue::Queue& queue, asio::io_context& loop, Pushes& pushes, std::size_t count, std::size_t concurrency) {
  std::vector<double> latencies;
  latencies.reserve(count);
  std::size_t left = count;
  const auto start = Steady::now();
  for (std::size_t i = 0; i < concurrency; ++i) asio::co_spawn(loop, sender(queue, pushes, left, latencies), asio::detached);
  loop.restart();
  loop.run();
  return Rate{static_cast<double>(count) / seconds_since(start), percentile(latencies, 0.5), percentile(latencies, 0.99)};
}

/// Each figure's median over the turns.
Rate median(const std::vector<Rate>& rates) {
  const auto of = [&](double Rate::*figure) {
    std::vector<double> values;
    for (const Rate& rate : rates) values.push_back(rate.*figure);
    return percentile(values, 0.5);
  };
  return Rate{of(&Rate::per_second), of(&Rate::p50_ms), of(&Rate::p99_ms)};
}

/// Appends `bytes` and waits for the disk, again and again.
Rate bare_loop(const std::filesystem::path& folder, std::size_t bytes, std::size_t count) {
  const auto name = folder / "bare";
  const io::Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  const std::string block(bytes, 'x');
  std::vector<double> latencies;
  const auto start = Steady::now();
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = Steady::now();
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) || ::fdatasync(file.get()) != 0) std::abort();
    latencies.push_back(seconds_since(begin) * 1000);
  }
  return Rate{static_cast<double>(count) / seconds_since(start), percentile(latencies, 0.5), percentile(latencies, 0.99)};
}

Task<> claim_some(queue::Queue& queue, std::size_t count, std::vector<double>& latencies) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Steady::now();
    const auto claim = co_await queue.claim();
    latencies.push_back(seconds_since(start) * 1000);
    if (!claim) std::abort();
    const RunOutcome done = Unchanged("bench");
    co_await queue.finish(claim->lease, done);
  }
}

queue::Options options() {
  queue::Options made;
  made.complete_commits = false;
  return made;
}

/// A queue with `finished` and `queued` runs over 20 repositories, opened anew.
class Filled {
 public:
  Filled(std::size_t finished, std::size_t queued) {
    {
      queue::Options many = options();
      many.policy.max_concurrent = 1000;
      many.policy.templates[pushes_.verdict().runs.front().template_name].concurrency = 1000;
      const auto opened = queue::open_sqlite(folder_.path, many, loop_.get_executor(), time_, Log());
      fill(*opened.queue, finished, true);
      fill(*opened.queue, queued, false);
    }
    const auto start = Steady::now();
    opened_ = queue::open_sqlite(folder_.path, options(), loop_.get_executor(), time_, Log());
    open_ms = seconds_since(start) * 1000;
  }

  void accept(std::size_t count) {
    std::size_t left = count;
    asio::co_spawn(loop_, sender(*opened_.queue, pushes_, left, accepts), asio::detached);
    loop_.restart();
    loop_.run();
  }
  void claim(std::size_t count) {
    asio::co_spawn(loop_, claim_some(*opened_.queue, count, claims), asio::detached);
    loop_.restart();
    loop_.run();
  }

  double open_ms = 0;
  std::vector<double> accepts, claims;

 private:
  void fill(queue::Queue& queue, std::size_t count, bool finish) {
    auto some = [&](std::size_t worker) -> Task<> {
      for (std::size_t i = worker; i < count; i += 64) {
        const Delivery delivery = pushes_.next("Lumie-Edu/app-" + std::to_string(i % 20));
        const queue::Decision decision(pushes_.verdict());
        co_await queue.accept(delivery, decision);
        if (!finish) continue;
        const auto claim = co_await queue.claim();
        if (!claim) continue;
        const RunOutcome done = Unchanged("bench");
        co_await queue.finish(claim->lease, done);
      }
    };
    for (std::size_t worker = 0; worker < 64; ++worker) asio::co_spawn(loop_, some(worker), asio::detached);
    loop_.restart();
    loop_.run();
  }

  Folder folder_;
  io::SystemTime time_;
  asio::io_context loop_{1};
  Pushes pushes_{1};
  queue::Opened opened_;
};

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::size_t scale = 10;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) json = true;
    if (std::strcmp(argv[i], "--quick") == 0) scale = 1;
  }
  // Turn by turn, so that what else the machine does falls on both sides of every ratio.
  Rate matched, alone, bare;
  {
    const Folder folder;
    io::SystemTime time;
    asio::io_context loop(1);
    const auto opened = queue::open_sqlite(folder.path, options(), loop.get_executor(), time, Log());
    Pushes pushes(1);
    accept_many(*opened.queue, loop, pushes, 100 * scale, 32);  // warm
    std::vector<Rate> all[3];
    for (int turn = 0; turn < 5; ++turn) {
      all[0].push_back(accept_many(*opened.queue, loop, pushes, 1200 * scale, 32));
      all[1].push_back(accept_many(*opened.queue, loop, pushes, 40 * scale, 1));
      all[2].push_back(bare_loop(folder.path, 8500, 40 * scale));
    }
    matched = median(all[0]);
    alone = median(all[1]);
    bare = median(all[2]);
  }
  Filled empty(0, 0), full(10'000 * scale, 1'000 * scale);
  for (int turn = 0; turn < 10; ++turn) {
    for (Filled* one : {&empty, &full}) {
      one->accept(4 * scale);
      one->claim(4 * scale);
    }
  }
  const double accept_ms = percentile(full.accepts, 0.5), claim_ms = percentile(full.claims, 0.5);
  const double accept_ratio = accept_ms / percentile(empty.accepts, 0.5);
  const double claim_ratio = claim_ms / percentile(empty.claims, 0.5);
  if (json) {
    const auto row = [](const char* end, const std::string& name, double value, const char* unit, const std::string& peer, double ratio,
                        const char* goal, bool ok) {
      fmt::print(R"({{"name": "{}", "value": {:.3f}, "unit": "{}", "peer": "{}", "ratio": {:.3f}, "goal": "{}", "ok": {}}}{})", name, value, unit,
                 peer, ratio, goal, ok, end);
    };
    const std::string many = fmt::format("{} finished, {} queued: ", 10'000 * scale, 1'000 * scale);
    fmt::print("[");
    row(",\n", "accepts, one run each, 32 at once", matched.per_second, "/s", fmt::format("write + fdatasync of 8.5 KB ({:.0f}/s)", bare.per_second),
        matched.per_second / bare.per_second, "", true);
    row(",\n", "accept, p99, 32 at once", matched.p99_ms, "ms", fmt::format("fdatasync's p99 ({:.1f} ms)", bare.p99_ms), matched.p99_ms / bare.p99_ms,
        "", true);
    row(",\n", many + "accept", accept_ms, "ms", "an empty database", accept_ratio, "<= 1.5", accept_ratio <= 1.5);
    row(",\n", many + "start a run", claim_ms, "ms", "an empty database", claim_ratio, "<= 1.5", claim_ratio <= 1.5);
    row("]\n", many + "start-up", full.open_ms, "ms", "300 ms", full.open_ms / 300, "< 1", full.open_ms < 300);
    return accept_ratio <= 1.5 && claim_ratio <= 1.5 && full.open_ms < 300 ? 0 : 1;
  }
  std::printf("accept, one run each, 32 at once   %8.0f /s   p50 %.2f ms  p99 %.2f ms\n", matched.per_second, matched.p50_ms,
              matched.p99_ms);
  std::printf("accept, one at a time              %8.0f /s   p50 %.2f ms  p99 %.2f ms\n", alone.per_second, alone.p50_ms, alone.p99_ms);
  std::printf("write + fdatasync of 8.5 KB, bare  %8.0f /s   p50 %.2f ms  p99 %.2f ms   accepts are %.1f times that\n",
              bare.per_second, bare.p50_ms, bare.p99_ms, matched.per_second / bare.per_second);
  std::printf("with %zu finished, %zu queued: accept %.2f x (%.2f ms), claim %.2f x (%.2f ms) of a small database; opens in %.1f ms\n",
              10'000 * scale, 1'000 * scale, accept_ratio, accept_ms, claim_ratio, claim_ms, full.open_ms);
}

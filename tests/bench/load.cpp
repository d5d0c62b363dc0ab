// The load generator: distinct pushes, each with its own before, after, id and signature made beforehand, over keep-alive
// connections.
//
//   bench_load --port P [--path /hooks] [--body FILE] [--secret S] [--repository R] [--count N] [--connections C] [--rate R]
//              [--seed S] [--unchained] [--json]
//
// prints rate, p50 and p99, statuses, duplicates and broken connections; ends with 1 where an answer was no 2xx or a duplicate.
// Without --port it measures itself against a server that only answers, so that other figures can be read beside its limit.
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/load/child_server.hpp"
#include "bench/load/pushes.hpp"
#include "bench/load/sender.hpp"

namespace {

using namespace slipway;

void print(const bench::Sent& sent, bool json) {
  const char* format = json ? "{\"answers\":%zu,\"seconds\":%.3f,\"rate\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
                              "\"non_2xx\":%zu,\"duplicates\":%zu,\"broken\":%zu}\n"
                            : "%zu answers in %.3f s: %.0f a second, p50 %.3f ms, p99 %.3f ms, longest %.3f ms; "
                              "%zu no 2xx, %zu duplicates, %zu broken connections\n";
  std::printf(format, sent.answers, sent.seconds, sent.rate(), sent.percentile(0.5), sent.percentile(0.99), sent.percentile(1),
              sent.non_2xx, sent.duplicates, sent.broken);
  if (json) return;
  for (const auto& [status, count] : sent.statuses) std::printf("  %d: %zu\n", status, count);
}

// The generator's own limit.
int measure_itself(const bench::Pushes& pushes, std::size_t connections) {
  const bench::ChildServer server(bench::serve_nothing);
  const auto sent = bench::Sender(pushes, server.port(), connections).send(0, pushes.size());
  std::printf("[{\"name\":\"load generator's limit\",\"value\":%.0f,\"unit\":\"pushes/s\",\"ok\":%s}]\n", sent.rate(),
              sent.non_2xx + sent.broken == 0 ? "true" : "false");
  return sent.non_2xx + sent.broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  bench::PushPlan plan;
  plan.body_file = SLIPWAY_SOURCE_DIR "/tests/data/deliveries/push-single-backend-05.body";
  std::uint16_t port = 0;
  std::size_t connections = 32;
  double rate = 0;
  bool json = false, unchained = false;
  CLI::App app("sends distinct signed pushes");
  app.add_option("--port", port);
  app.add_option("--path", plan.path);
  app.add_option("--body", plan.body_file);
  app.add_option("--secret", plan.secret);
  app.add_option("--repository", plan.repository);
  app.add_option("--count", plan.count);
  app.add_option("--connections", connections);
  app.add_option("--rate", rate, "pushes a second; without it as fast as they are answered");
  app.add_option("--seed", plan.seed);
  app.add_flag("--unchained", unchained, "each push with a `before` that no other has as `after`");
  app.add_flag("--json", json);
  CLI11_PARSE(app, argc, argv);
  plan.chained = !unchained;
  if (port == 0) plan.count = std::max<std::size_t>(plan.count, 100'000);
  const bench::Pushes pushes(plan);
  if (port == 0) return measure_itself(pushes, connections);
  const auto sent = bench::Sender(pushes, port, connections).send(0, pushes.size(), rate);
  print(sent, json);
  return sent.non_2xx + sent.duplicates + sent.broken == 0 ? 0 : 1;
}

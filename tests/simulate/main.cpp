// simulate [--schedules N] [--seconds S] [--seed S]   N schedules from seed S on; a violation prints the seed that replays it
// simulate --replay SEED [--without RULE]             one schedule, told event by event
// simulate --rules [--schedules N]                    takes one rule away at a time: each must be missed within N schedules
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "world.hpp"

namespace {

using namespace slipway;
using schedule::Rule;
using simulate::World;

const std::pair<Rule, const char*> rules[] = {
    {Rule::duplicate_by_id, "duplicate_by_id"},
    {Rule::duplicate_by_push, "duplicate_by_push"},
    {Rule::push_in_between, "push_in_between"},
    {Rule::chain, "chain"},
    {Rule::newest_wins, "newest_wins"},
    {Rule::never_backwards, "never_backwards"},
    {Rule::reachable, "reachable"},
    {Rule::manual_revert, "manual_revert"},
    {Rule::hold, "hold"},
    {Rule::memory_budget, "memory_budget"},
    {Rule::reservation, "reservation"},
    {Rule::max_concurrent, "max_concurrent"},
    {Rule::template_concurrency, "template_concurrency"},
    {Rule::fairness, "fairness"},
    {Rule::waiting_is_not_running, "waiting_is_not_running"},
    {Rule::recovery, "recovery"},
    {Rule::keep_results, "keep_results"},
    {Rule::fencing, "fencing"},
    {Rule::retry_delay, "retry_delay"},
    {Rule::reconcile, "reconcile"},
    {Rule::late_arrival, "late_arrival"},
    {Rule::replace, "replace"},
    {Rule::doubt, "doubt"},
    {Rule::elsewhere, "elsewhere"},
};

struct Found {
  std::uint64_t seed = 0;
  std::string what;
  std::uint64_t schedules = 0;
};

/// Runs schedules on every core until one fails; of several the one with the smallest seed.
Found search(std::uint64_t first, std::uint64_t count, const simulate::Options& options) {
  std::atomic<std::uint64_t> next = 0, done = 0, bad = UINT64_MAX;
  auto work = [&] {
    for (std::uint64_t i = next++; i < count && first + i < bad; i = next++) {
      ++done;
      if (!World(first + i, options).run()) continue;
      std::uint64_t smallest = bad;
      while (first + i < smallest && !bad.compare_exchange_weak(smallest, first + i)) {
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  Found found;
  found.schedules = done;
  if (bad != UINT64_MAX) {
    found.seed = bad;
    found.what = *World(bad, options).run();
  }
  return found;
}

int every_rule_is_needed(std::uint64_t first, std::uint64_t count) {
  int unneeded = 0;
  for (const auto& [rule, name] : rules) {
    simulate::Options options;
    options.rules = schedule::Rules().without(rule);
    const Found found = search(first, count, options);
    if (found.what.empty()) {
      ++unneeded;
      std::printf("without %-24s NOT missed in %llu schedules\n", name, static_cast<unsigned long long>(found.schedules));
    } else {
      std::printf("without %-24s seed %llu: %s\n", name, static_cast<unsigned long long>(found.seed), found.what.c_str());
    }
  }
  return unneeded == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 1, count = 100'000;
  bool replay = false, each_rule = false;
  simulate::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--rules") each_rule = true;
    else if (argument == "--schedules") count = std::strtoull(value, nullptr, 10), ++i;
    else if (argument == "--seed") seed = std::strtoull(value, nullptr, 10), ++i;
    else if (argument == "--replay") seed = std::strtoull(value, nullptr, 10), replay = true, ++i;
    else if (argument == "--without") {
      const auto* known = std::find_if(std::begin(rules), std::end(rules), [&](const auto& one) { return std::strcmp(one.second, value) == 0; });
      if (known == std::end(rules)) return std::fprintf(stderr, "no rule %s\n", value), 2;
      options.rules = schedule::Rules().without(known->first);
      ++i;
    } else {
      return std::fprintf(stderr, "simulate: unknown argument %s\n", argument.c_str()), 2;
    }
  }
  if (each_rule) return every_rule_is_needed(seed, count);
  if (replay) {
    options.verbose = true;
    const auto violation = World(seed, options).run();
    std::printf("%s\n", violation ? violation->c_str() : "no violation");
    return violation ? 1 : 0;
  }
  const auto start = std::chrono::steady_clock::now();
  const Found found = search(seed, count, options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!found.what.empty()) {
    std::printf("VIOLATED by seed %llu: %s\nreplay it: simulate --replay %llu\n", static_cast<unsigned long long>(found.seed),
                found.what.c_str(), static_cast<unsigned long long>(found.seed));
    return 1;
  }
  std::printf("%llu schedules of %d templates and %d events in %.1f s, no violation\n", static_cast<unsigned long long>(found.schedules),
              World::templates, World::events, seconds);
}

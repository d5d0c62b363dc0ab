#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "disk.hpp"

namespace slipway::simulate {

struct Options {
  schedule::Rules rules;
  bool verbose = false;
};

/// One schedule: sources that people push to, a sender that loses, doubles and reorders, a daemon that works by the rules of
/// server/schedule and crashes, servers that fail, and a person who reverts, releases and retries. Everything is decided by the seed.
/// What must never happen is checked by the world itself, from what really happened, not from what the daemon believes.
class World {
 public:
  World(std::uint64_t seed, const Options& options);
  /// Runs it to its end; returns what was violated first, or nothing.
  std::optional<std::string> run();

  static constexpr int templates = 20, repositories = 5, events = 50;

 private:
  enum class Kind {
    push, push_again, deliver, step, zombie, crash, restart, outage_begins, outage_ends, revert, blank, release, retry, complete, doubt,
    reconcile, wake
  };
  enum Server { source_git, registry, infra_git, servers };
  struct Event {
    Time when;
    std::uint64_t order;
    Kind kind;
    int a = 0, b = 0;
    bool operator>(const Event& other) const { return std::pair(when, order) > std::pair(other.when, other.order); }
  };
  enum class Step { order, check_out, build, push_image, record_built, decide, push_commit, record_handoff };
  struct Worker {
    RunId run;
    std::uint64_t generation = 0;
    Step step = Step::order;
    int attempts = 0;
    int infra_version = 0;
    bool takes_memory = false;
  };
  struct Letter {
    std::string id, hash;
    SourcePush push;
    Source source = Source::webhook;
  };

  // The world outside (world.cpp).
  void plan();
  void at_time(Time when, Kind kind, int a = 0, int b = 0);
  void happen(const Event& event);
  void push(int repo, bool force);
  void push_again(int repo);
  void move(int repo, int tip, const std::vector<int>& made, const char* how);
  void send(const SourcePush& push);
  void revert(int which);
  void crash(int down_for);
  void restart();
  void settle();
  bool needs_a_person() const;
  Slices watched_by(int repo, Slices slices) const;

  // The daemon (intake.cpp, daemon.cpp).
  void deliver(const Letter& letter);
  void store_fresh(const Letter& letter, const schedule::Reception& reception, Slices matched);
  void make_runs(const Letter& letter, Slices matched);
  void complete(std::size_t delivery);
  void doubt(std::size_t delivery);
  void was_late(std::size_t delivery);
  void deliver_missed(int repo, int before, int after);
  void note_elsewhere(const StoredRun& run);
  void reconcile();
  void load();
  void start_runs();
  void claim(const schedule::Start& start);
  void step(int worker);
  void order(Worker& worker);
  void build(Worker& worker);
  void decide(Worker& worker);
  void push_commit(Worker& worker);
  void go(int worker, Step next, int soonest, int latest);
  void give_up(Worker worker, bool off_branch);
  bool owns(RunId run, std::uint64_t generation);
  void finish(Worker worker, RunState state, const std::string& why);
  void postpone(Worker worker, Stage stage, WaitingFor reason);
  void put_back(Worker worker, Stage stage, WaitingFor reason, std::optional<Clock::time_point> until);
  void leave(RunId run);
  schedule::Group group_of(const StoredRun& run) const;
  schedule::HandoffFacts facts_of(const StoredRun& run);

  // What must hold (invariants.cpp).
  void violated(const std::string& what);
  void check_arrival(const Letter& letter, bool duplicate);
  void check_start(const schedule::Start& start);
  void check_fairness(int started, bool takes_memory);
  void check_build(const StoredRun& run);
  void check_order(const StoredRun& run);
  void check_handoff(const StoredRun& run, int head_when_decided);
  void check_end();
  bool is_ready(const StoredRun& run);
  std::uint64_t memory_of(int which) const { return policy_.templates.at(names_[static_cast<std::size_t>(which)]).memory.value_or(0); }

  void say(const std::string& text) const;

  Options options_;
  Random random_;
  std::optional<std::string> violation_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  Time now_ = 0;

  // Outside.
  History history_;
  std::vector<int> heads_;
  std::vector<SourcePush> pushes_;
  std::vector<Letter> letters_;
  std::vector<int> down_ = std::vector<int>(servers, 0);
  std::vector<int> deployed_;
  std::vector<int> infra_versions_;
  std::vector<bool> images_;  ///< template × commit
  std::vector<bool> reverted_, exempt_;
  std::vector<int> last_recorded_;
  std::vector<int> taken_away_;  ///< by repository: what a forced push replaced last

  // The daemon.
  schedule::Policy policy_;
  schedule::RetryPolicy retry_policy_;
  std::vector<TemplateName> names_;
  std::vector<RepoName> repo_names_;
  Disk disk_;
  schedule::State state_;
  std::map<int, Worker> workers_;
  int next_worker_ = 0;
  bool up_ = true;
  bool settled_ = false;
  int crash_after_steps_ = -1;

  // For the checks.
  std::map<std::pair<int, int>, int> passed_by_;  ///< waiting template, starting template: how often
  std::map<std::pair<std::string, int>, int> runs_of_delivery_;
  std::vector<int> heads_when_decided_;
};

}  // namespace slipway::simulate

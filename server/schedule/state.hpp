#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "model/run.hpp"
#include "schedule/policy.hpp"
#include "schedule/rules.hpp"

namespace slipway::schedule {

/// The runs that compete with one another: one template applied to one branch. Only one of them is worth building.
struct Group {
  Group() = default;
  Group(TemplateName name, RepoName repo, std::string branch)
      : template_name(std::move(name)), repository(std::move(repo)), ref(std::move(branch)) {}
  TemplateName template_name;
  RepoName repository;
  std::string ref;
  auto operator<=>(const Group&) const = default;
};

/// A queued run that is not simply the newest of its branch waiting its turn: it was started before, or waits for something.
struct Waiting {
  Waiting() = default;
  RunId run;
  WaitingFor reason = WaitingFor::none;
  Stage next_stage = Stage::checkout;
  std::optional<Clock::time_point> not_before;
};

/// A run that may be started now.
struct Start {
  RunId run;
  Group group;
};

/// What to do next. At most one start at a time: the caller makes it durable, then asks again.
struct Plan {
  std::optional<Start> start;
  std::optional<Start> short_of_memory;  ///< stands first but does not fit: it waits for memory, and is marked so once
};

/// All that the scheduler remembers, in memory and incremental: finished runs are not in it, and of each group's ordinary
/// queued runs only the newest `window`; the store has the rest and is asked through `wants`/`refill`. So its size does not
/// grow with the queue's length. Not thread-safe; no I/O.
///
/// Policy, in order: (1) a free slot, and the template's own concurrency; (2) higher priority; (3) the template that was
/// started longest ago, then the branch that was; (4) of one branch the newest run, since the older ones are superseded by it
/// as soon as Git says that they are ancestors. The first by this order takes the memory it needs or, when it does not fit,
/// keeps every other job that needs memory from starting before it: so a large job is not starved by small ones.
class State {
 public:
  static constexpr std::size_t window = 64;

  explicit State(Policy policy = Policy(), Rules rules = Rules());

  void configure(Policy policy);

  // What happened.
  void queued(const Group& group, RunId run);                  ///< made by an accepted push: newer than every other
  void waits(const Group& group, const Waiting& waiting);      ///< postponed, retried, or found so at start
  void started(const Group& group, RunId run);                 ///< by a plan, or found running
  void left(RunId run);                                        ///< finished, superseded or cancelled: it is gone from here
  void hold(const TemplateName& name);                         ///< no hand-off of this template starts
  void release(const TemplateName& name);

  /// The next run to start. `wants()` must be empty before.
  Plan next(Clock::time_point now);
  /// When the next postponed run comes due, or is overdue.
  std::optional<Clock::time_point> next_due() const;

  // The window on the store.
  /// A group with no ordinary queued run in memory although the store has more.
  std::optional<Group> wants() const;
  /// Ordinary queued runs (never in `waits` or `started`) of a group, newest first, at most `window`; fewer means no more.
  void refill(const Group& group, std::span<const RunId> newest_first);
  /// At start: the group has ordinary queued runs in the store.
  void has_queued(const Group& group);

  std::size_t running() const noexcept { return running_; }
  std::uint64_t memory_in_use() const noexcept { return memory_in_use_; }
  bool is_held(const TemplateName& name) const;
  const Policy& policy() const noexcept { return policy_; }
  /// Runs held in memory: what the bound on this object's size is about.
  std::size_t tracked() const noexcept { return entries_.size(); }

 private:
  struct Branch {
    Group group;
    std::deque<RunId> ordinary;    ///< ascending; the newest `window` of them at most
    bool more = false;             ///< the store has older ones
    std::map<RunId, Waiting> due;  ///< waited, and may go now
    std::uint64_t last_start = 0;
    bool empty() const noexcept { return ordinary.empty() && due.empty(); }
    RunId newest() const;
    RunId oldest() const;
  };
  struct Line {
    TemplateRules rules;
    std::map<std::pair<RepoName, std::string>, Branch> branches;
    std::size_t running = 0;
    std::uint64_t last_start = 0;
    bool held = false;
  };
  enum class Place { ordinary, due, later, on_hold, running };
  struct Entry {
    Line* line = nullptr;
    Branch* branch = nullptr;
    Place place = Place::ordinary;
    Waiting waiting;
    std::uint64_t memory = 0;  ///< what it takes of the budget while it runs
  };
  struct Candidate;

  Line& line_of(const TemplateName& name);
  Branch& branch_of(Line& line, const Group& group);
  /// Takes a run out of wherever it is, and gives back what it took.
  void forget(RunId run);
  void place_waiting(Entry& entry, RunId run);
  void come_due(Clock::time_point now);
  std::vector<Candidate> candidates();
  bool hands_off_only(const Branch& branch, RunId run) const;

  Policy policy_;
  Rules rules_;
  std::map<TemplateName, Line> lines_;
  std::unordered_map<RunId, Entry> entries_;
  std::set<std::pair<Clock::time_point, RunId>> later_;
  std::set<Branch*> wanting_;  ///< with nothing ordinary in memory, and more in the store
  std::size_t running_ = 0;
  std::uint64_t memory_in_use_ = 0;
  std::uint64_t starts_ = 0;
};

}  // namespace slipway::schedule

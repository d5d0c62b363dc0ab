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

/// Identifies runs that compete with each other: one template applied to one branch. Only one of them is worth building.
struct Group {
  Group() = default;
  Group(TemplateName name, RepoName repo, std::string branch)
      : template_name(std::move(name)), repository(std::move(repo)), ref(std::move(branch)) {}
  TemplateName template_name;
  RepoName repository;
  std::string ref;
  auto operator<=>(const Group&) const = default;
};

/// A queued run that is tracked individually because it was started before or waits for something, not just for its turn.
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
  std::optional<Start> short_of_memory;  ///< first in line but does not fit; reported once, to be marked as waiting for memory
};

/// The scheduler's state, in memory and updated incrementally. It holds no finished runs, and of each group's ordinary
/// queued runs only the newest `window`; the store has the rest, fetched through `wants`/`refill`. So its size does not
/// grow with the queue's length. Not thread-safe; no I/O.
///
/// Policy, in order: (1) a free slot, and the template's own concurrency; (2) higher priority; (3) the template
/// started longest ago, then the branch started longest ago; (4) within a branch the newest run, since it supersedes the older
/// ones as soon as Git says that they are ancestors. The first in this order takes the memory it needs or, if it does not fit,
/// keeps all other jobs that need memory from starting before it, so small jobs cannot starve a large one.
class State {
 public:
  static constexpr std::size_t window = 64;

  explicit State(Policy policy = Policy(), Rules rules = Rules());

  void configure(Policy policy);

  // Events.
  void queued(const Group& group, RunId run);                  ///< a new run: newer than all others
  void waits(const Group& group, const Waiting& waiting);      ///< postponed, retried, or found waiting at startup
  void started(const Group& group, RunId run);                 ///< as planned, or found running
  void left(RunId run);                                        ///< finished, superseded or cancelled
  void hold(const TemplateName& name);                         ///< from now on no hand-off of this template starts
  void release(const TemplateName& name);

  /// The next run to start. Call only while `wants()` is empty.
  Plan next(Clock::time_point now);
  /// When the next postponed run is due; may be in the past.
  std::optional<Clock::time_point> next_due() const;

  // Loading from the store.
  /// A group with no ordinary queued run in memory, of which the store has more.
  std::optional<Group> wants() const;
  /// Ordinary queued runs (never in `waits` or `started`) of a group, newest first, at most `window`; fewer means no more.
  void refill(const Group& group, std::span<const RunId> newest_first);
  /// At startup: the store has ordinary queued runs of the group.
  void has_queued(const Group& group);

  std::size_t running() const noexcept { return running_; }
  std::uint64_t memory_in_use() const noexcept { return memory_in_use_; }
  bool is_held(const TemplateName& name) const;
  const Policy& policy() const noexcept { return policy_; }
  /// Number of runs held in memory, which bounds this object's size.
  std::size_t tracked() const noexcept { return entries_.size(); }

 private:
  struct Branch {
    Group group;
    std::deque<RunId> ordinary;    ///< ascending; at most the newest `window`
    bool more = false;             ///< the store has older ones
    std::map<RunId, Waiting> due;  ///< done waiting, may start
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
    std::uint64_t memory = 0;  ///< share of the budget while it runs, in bytes
  };
  struct Candidate;

  Line& line_of(const TemplateName& name);
  Branch& branch_of(Line& line, const Group& group);
  /// Removes a run from wherever it is, and releases what it took.
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
  std::set<Branch*> wanting_;  ///< none in memory, more in the store: see wants()
  std::size_t running_ = 0;
  std::uint64_t memory_in_use_ = 0;
  std::uint64_t starts_ = 0;
};

}  // namespace slipway::schedule

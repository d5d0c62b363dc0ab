#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "schedule/handoff.hpp"

namespace slipway::simulate {

/// splitmix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// 0 … limit - 1.
  int below(int limit) { return static_cast<int>(next() % static_cast<std::uint64_t>(limit)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool one_in(int chance) { return below(chance) == 0; }

 private:
  std::uint64_t state_;
};

/// What a commit changes: one bit a slice of its repository, each slice watched by templates.
using Slices = std::uint32_t;

/// Every commit of every source repository, as the graph that Git has.
class History {
 public:
  static constexpr std::size_t limit = 320;
  using Set = std::bitset<limit>;

  int add(int parent, int merged, Slices changes) {
    const int number = static_cast<int>(changes_.size());
    Set reach;
    if (parent >= 0) reach |= reach_[static_cast<std::size_t>(parent)];
    if (merged >= 0) reach |= reach_[static_cast<std::size_t>(merged)];
    reach.set(static_cast<std::size_t>(number));
    reach_.push_back(reach);
    changes_.push_back(changes);
    parents_.push_back(parent);
    return number;
  }
  bool full() const { return changes_.size() + 16 > limit; }
  int parent(int commit) const { return parents_[static_cast<std::size_t>(commit)]; }

  /// The commit itself included.
  const Set& reachable(int commit) const { return reach_[static_cast<std::size_t>(commit)]; }
  bool contains(int head, int commit) const { return head >= 0 && commit >= 0 && reachable(head).test(static_cast<std::size_t>(commit)); }
  bool is_ancestor(int older, int newer) const { return older != newer && contains(newer, older); }

  schedule::Relation relation(int one, int other) const {
    if (one < 0 || other < 0) return schedule::Relation::none;
    if (one == other) return schedule::Relation::same;
    if (contains(other, one)) return schedule::Relation::ancestor;
    return contains(one, other) ? schedule::Relation::descendant : schedule::Relation::unrelated;
  }

  /// Do `one` and `other` contain a proper descendant of `commit` in common?
  bool shares_descendant(int commit, int one, int other) const {
    if (one < 0 || other < 0) return false;
    const Set shared = reachable(one) & reachable(other);
    for (std::size_t i = shared._Find_first(); i < limit; i = shared._Find_next(i)) {
      if (is_ancestor(commit, static_cast<int>(i))) return true;
    }
    return false;
  }

  Slices changes(int commit) const { return changes_[static_cast<std::size_t>(commit)]; }
  /// What differs between two commits, as completing a push takes it: the commits of `after` that `base` has not, and where
  /// `base` has others (a forced push) those too.
  Slices difference(int base, int after) const {
    const Set differing = base < 0 ? reachable(after) : reachable(base) ^ reachable(after);
    Slices slices = 0;
    for (std::size_t i = differing._Find_first(); i < limit; i = differing._Find_next(i)) slices |= changes_[i];
    return slices;
  }
  /// The commits of `after` that `before` has not.
  std::vector<int> between(int before, int after) const {
    const Set added = before < 0 ? reachable(after) : reachable(after) & ~reachable(before);
    std::vector<int> commits;
    for (std::size_t i = added._Find_first(); i < limit; i = added._Find_next(i)) commits.push_back(static_cast<int>(i));
    return commits;
  }

  /// 40 digits, made once.
  static const CommitSha& sha(int commit) {
    static const std::vector<CommitSha> all = [] {
      std::vector<CommitSha> made;
      for (std::size_t i = 0; i < limit; ++i) {
        std::string digits = std::to_string(i);
        made.emplace_back(std::string(40 - digits.size(), '0') + digits);
      }
      return made;
    }();
    return all[static_cast<std::size_t>(commit)];
  }
  static int number(const CommitSha& sha) { return std::stoi(sha.value()); }

 private:
  std::vector<Set> reach_;
  std::vector<Slices> changes_;
  std::vector<int> parents_;
};

}  // namespace slipway::simulate

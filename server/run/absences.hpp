#pragma once

#include <map>
#include <set>

#include "io/time.hpp"
#include "model/delivery.hpp"

namespace slipway::run {

/// Repositories that could not be asked, each with a delay of its own until it is asked again: it doubles up to about a minute. One that
/// is away holds up no other.
class Absences {
 public:
  explicit Absences(io::TimeSource& time) : time_(time) {}

  /// Those that are not to be asked yet.
  std::set<RepoName> resting() const;
  bool rests(const RepoName& repository) const;
  void failed(const RepoName& repository);
  void answered(const RepoName& repository) { all_.erase(repository); }

 private:
  struct Absence {
    int failures = 0;  ///< in a row
    Clock::time_point until;
  };
  io::TimeSource& time_;
  std::map<RepoName, Absence> all_;
};

}  // namespace slipway::run

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/settings.hpp"
#include "trigger/event.hpp"

namespace slipway::config {
class Catalogue;
}

namespace slipway::trigger {

/// Tells slipway's own hand-off commits from everybody else's, so that where sources and values share a repository a
/// hand-off does not build what it has just deployed. A commit is slipway's own when all three hold: author and
/// committer are the configured ones, by name and address; its message ends with the trailers `Source-Commit` and
/// `Slipway-Run`; and it modifies files that a template hands off to, adds none and removes none. So a trailer that is
/// copied, into a squashed commit say, swallows nothing, and even an identity that is borrowed on purpose hides no more
/// than a change of those files. Whether the run is known is not asked: a delivery may come before its run has ended,
/// and long after the run was removed. Immutable.
class OwnCommits {
 public:
  explicit OwnCommits(const config::Catalogue& catalogue);

  /// Why this event triggers nothing, or nothing where it is judged as any other. Where the list does not hold the
  /// whole push and Git can be asked for the rest, all that is listed being slipway's own is enough to wait for that.
  std::optional<std::string> reason(const Event& event) const;

 private:
  /// A hand-off's file; where references stand in its name, what is around them.
  struct File {
    std::string begin, end;
    bool whole = false;
    bool covers(const std::string& path) const noexcept;
  };
  bool changes_values_only(const ChangedCommit& commit) const noexcept;

  bool has_own_only(const Event& event) const;

  bool complete_commits_;
  Identity author_, committer_;
  std::vector<File> files_;
};

/// The run that a hand-off commit's message names in its last paragraph, where that is one of slipway's: digits.
std::optional<std::string> handing_run(std::string_view message);

}  // namespace slipway::trigger

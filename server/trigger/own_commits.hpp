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

/// Recognises slipway's own hand-off commits, so that where sources and values share a repository a hand-off does not
/// rebuild what it has just deployed. A commit is slipway's own if all three hold: author and committer are the configured
/// ones, by name and address; its message ends with the trailers `Source-Commit` and `Slipway-Run`; and it only modifies
/// files that a template hands off to, adding and removing none. So a copied trailer, e.g. in a squashed commit, swallows
/// no push, and even a deliberately borrowed identity can hide only a change of those files. It does not check that the
/// run exists: a delivery may arrive before its run has ended, or long after the run was removed. Immutable.
class OwnCommits {
 public:
  explicit OwnCommits(const config::Catalogue& catalogue);

  /// Why this event triggers nothing; nullopt if it is judged like any other. If the list is incomplete and Git can be
  /// asked for the rest, it is enough that all listed commits are slipway's own.
  std::optional<std::string> reason(const Event& event) const;

 private:
  /// A file that hand-offs write; if its name contains references, the text before and after them.
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

/// The run id (digits) in the trailers of a hand-off commit's message; nullopt if the message is not slipway's.
std::optional<std::string> handing_run(std::string_view message);

}  // namespace slipway::trigger

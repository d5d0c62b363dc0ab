#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "git/remote.hpp"
#include "io/http_client.hpp"
#include "io/time.hpp"
#include "model/settings.hpp"
#include "run/drift.hpp"

namespace slipway::run {

/// Compares where hand-offs are pushed with what Argo CD reads, at start and periodically, and reports a difference wherever an
/// operator may look, for as long as it lasts. Used on the loop.
class DriftWatch {
 public:
  DriftWatch(git::GitRemote& infra, io::HttpClient& http, io::TimeSource& time, Log log) : infra_(infra), http_(http), time_(time), log_(std::move(log)) {}

  /// Compares once, with Applications from the configured files and URLs, else from the infra repository itself.
  Task<> look(HandoffSettings settings, std::vector<std::string> values_files);
  /// Compares now and then every ten minutes, until cancelled; `values_files` is called each time for the files that hand-offs may edit.
  Task<> serve(HandoffSettings settings, std::function<std::vector<std::string>()> values_files);
  /// Adds files known only from a run, since their paths depend on its parameters; they are compared from now on too.
  void add_files(const HandoffSettings& settings, const std::vector<std::string>& files);

  /// True once the first look() has ended, successful or not.
  bool looked() const noexcept { return looked_; }
  /// Takes over what a hand-off has just found out about the configured mirrors.
  void pushed(const CommitSha& commit, const std::vector<git::CopyPush>& copies);

  const Drift& current() const noexcept { return current_; }
  /// The findings to repeat at every hand-off; empty unless there is a difference.
  std::vector<std::string> differences() const;
  /// Those of them that are not about mirrors.
  std::vector<std::string> contract_differences() const;
  /// Why a hand-off must not proceed, with `drift: block`; nothing if it may. A mirror that is merely behind does not block: the
  /// hand-off updates it.
  std::optional<std::string> blocks(const HandoffSettings& settings) const;

 private:
  Task<std::vector<Application>> applications(const HandoffSettings& settings);
  git::GitRemote& infra_;
  io::HttpClient& http_;
  io::TimeSource& time_;
  Log log_;
  Drift judged(const HandoffSettings& settings) const;
  void say(Drift seen);
  std::vector<std::string> files_;      ///< named by templates
  std::set<std::string> run_files_;     ///< named by runs only
  PushTarget target_;
  std::vector<Application> found_;      ///< by the last successful look
  bool possible_ = false;               ///< the last look was successful
  Drift known_;                         ///< the last successful comparison
  Drift contract_;                      ///< `known_` plus the last failure; without the mirrors
  bool looked_ = false;
  std::vector<git::CopyHead> mirrors_;
  Drift current_;                       ///< `contract_` and the mirrors
};

}  // namespace slipway::run

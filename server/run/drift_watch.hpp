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

/// Keeps the comparison between where hand-offs are pushed and what Argo CD reads: looked at when the daemon starts and from time to
/// time, and said wherever an operator looks for as long as the two differ. Used on the loop.
class DriftWatch {
 public:
  DriftWatch(git::GitRemote& infra, io::HttpClient& http, io::TimeSource& time, Log log) : infra_(infra), http_(http), time_(time), log_(std::move(log)) {}

  /// Looks once: Applications from the configured files and URLs, else from the infra repository itself.
  Task<> look(HandoffSettings settings, std::vector<std::string> values_files);
  /// Looks now and then every ten minutes, until cancelled; `values_files` says at each look what may be handed off to.
  Task<> serve(HandoffSettings settings, std::function<std::vector<std::string>()> values_files);
  /// Files that only a run names, since their paths are put together from its parameters: compared from now on with the rest.
  void add_files(const HandoffSettings& settings, const std::vector<std::string>& files);

  /// False until the first look has come to an end, whatever it saw.
  bool looked() const noexcept { return looked_; }
  /// What a hand-off has just found out about the declared mirrors.
  void pushed(const CommitSha& commit, const std::vector<git::CopyPush>& copies);

  const Drift& current() const noexcept { return current_; }
  /// The sentences to repeat at every hand-off.
  std::vector<std::string> differences() const;
  /// Why a hand-off must not go on, where the configuration says `drift: block`. A mirror that is only behind blocks nothing: the
  /// hand-off brings it up to date.
  std::optional<std::string> blocks(const HandoffSettings& settings) const;

 private:
  Task<std::vector<Application>> applications(const HandoffSettings& settings);
  git::GitRemote& infra_;
  io::HttpClient& http_;
  io::TimeSource& time_;
  Log log_;
  Drift judged(const HandoffSettings& settings) const;
  void say(Drift seen);
  std::vector<std::string> files_;      ///< what the templates name
  std::set<std::string> run_files_;     ///< what runs have named
  PushTarget target_;
  std::vector<Application> found_;      ///< at the last look that was possible
  bool possible_ = false;               ///< the last look was
  Drift known_;                         ///< the last comparison that was possible
  Drift contract_;                      ///< without the mirrors
  bool looked_ = false;
  std::vector<git::CopyHead> mirrors_;
  Drift current_;                       ///< both
};

}  // namespace slipway::run

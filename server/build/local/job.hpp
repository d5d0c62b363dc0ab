#pragma once

#include <boost/asio/thread_pool.hpp>
#include <optional>

#include "base/log.hpp"
#include "build/executor.hpp"
#include "build/local/buildah.hpp"
#include "build/local/host.hpp"
#include "build/local/slots.hpp"
#include "build/local/workspace.hpp"
#include "build/registry.hpp"
#include "io/process.hpp"
#include "io/time.hpp"
#include "model/settings.hpp"

namespace slipway::build {

/// The local executor's dependencies and settings; the references must outlive it.
struct LocalParts {
  LocalParts(io::Processes& runner, Registry& images, asio::thread_pool& threads, const io::TimeSource& clock, Log where)
      : processes(runner), registry(images), pool(threads), time(clock), log(std::move(where)) {}
  io::Processes& processes;
  Registry& registry;
  asio::thread_pool& pool;  ///< for file work
  const io::TimeSource& time;
  Log log;
  std::filesystem::path state;  ///< the state directory
  BuilderSettings builder;
  RegistrySettings registry_settings;
  /// Number of newest images kept in a slot's store, in addition to those the latest builds used. A build adds five or ten, and reads
  /// all of them, at about 1 ms each.
  std::size_t newest_images = 100;
};

/// One order in progress. Owns its slot, folders and control groups.
class Job {
 public:
  Job(const LocalParts& parts, const Host& host, Slot slot, const BuildOrder& order, RunLog& log);

  /// Creates the run's folders, limits and view. Await it first.
  Task<> prepare();
  /// Runs the check, if the order has one, then the build.
  Task<BuildOutcome> all();
  /// Removes this run's working containers from the store. Call after a check, and unless the run succeeded.
  Task<> clear_store();
  /// Removes the run's folders.
  Task<> clear_folders();
  /// The current stage.
  Stage stage() const noexcept { return stage_; }
  const BuildOrder& order() const noexcept { return order_; }

 private:
  /// The steps of prepare(), on the pool. They return the secrets to mask in the log.
  std::vector<std::string> read_secrets() const;
  std::vector<std::string> prepare_folders();
  void prepare_view();
  Store store() const;
  /// Unique to this run, because templates share stores and may build the same commit.
  std::string list_name() const;
  void note_used_images() const;
  /// Runs a cleanup command; returns its last line of output if it failed.
  Task<std::optional<std::string>> tidy(Argv argv);
  std::vector<std::string> environment(const std::vector<std::string>& own) const;

  /// The command as this run starts it: in its namespaces, and its view if it is buildah.
  Argv wrapped(const Argv& argv) const;
  /// Runs one command under the run's limits, until the deadline or for `limit`, whichever is sooner. Throws NoRoom if it failed
  /// for want of room on the disk.
  Task<io::Exit> run(Argv argv, const std::vector<std::string>& own_environment, Clock::duration limit = Clock::duration::max());
  /// For a command that failed: throws NoRoom if that was because the disk is full. `own`: it was the program itself that failed, not
  /// a command that it ran.
  void require_room(bool own) const;
  /// The outcome for a command that did not succeed. `what` names it.
  BuildOutcome ended(const io::Exit& exit, const std::string& what) const;
  /// The program's own last lines of output, without buildah's remarks on its exit status.
  std::string last_words(std::size_t lines) const;
  bool in_time() const { return parts_.time.now() < deadline_; }

  // check_stage.cpp
  struct CheckEnd;
  Task<std::optional<BuildOutcome>> check();
  Task<CheckEnd> run_check(const Check& check);
  Task<std::string> count_tests(const Check& check, const std::filesystem::path& folder);

  // build_stage.cpp
  struct TagChoice;
  Task<BuildOutcome> build();
  Task<BuildOutcome> build_and_push(const std::string& tag);
  Task<TagChoice> choose_tag();
  Task<TagChoice> choose_new_tag();
  Task<BuildOutcome> confirm(const std::string& tag);
  Result<ImageBuild> image_build(const std::string& tag) const;
  bool is_ours(const Manifest& manifest) const;

  const LocalParts& parts_;
  const Host& host_;
  const BuildOrder& order_;
  RunLog& log_;
  Slot slot_;
  Workspace workspace_;
  std::optional<View> view_;
  std::optional<RunGroup> group_;  ///< destroyed before the folders, so that nothing writes there any more
  Clock::time_point deadline_;
  Stage stage_;
  bool has_auth_ = false;
  std::vector<std::string> used_images_;  ///< ids of images that the build reused from the store
  std::size_t said_ = 0;  ///< number of output lines of the last command
  bool was_full_ = false;  ///< the disk was full when the last command said so
};

/// A time limit as text: `30 min`, `45 s`.
std::string limit_text(Clock::duration limit);

/// True if a builder's last output indicates an unreachable server, so that a retry may help.
bool is_network_trouble(std::string_view words);

/// True if a program's output says that there is no room on the disk, or no quota left.
bool is_want_of_room(std::string_view words);

}  // namespace slipway::build

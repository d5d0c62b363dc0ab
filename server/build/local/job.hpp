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

/// What the local executor works with; all of it outlives it.
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
  /// So many images of a slot's store stay, the newest, and what the latest builds used. A build makes five or ten, and looks at all
  /// there are: a millisecond each.
  std::size_t newest_images = 100;
};

/// One order in progress: owns its slot, folders and control groups until it is destroyed.
class Job {
 public:
  Job(const LocalParts& parts, const Host& host, Slot slot, const BuildOrder& order, RunLog& log);

  /// Makes the run's folders, limits and view; to be awaited first.
  Task<> prepare();
  /// The check, where the order has one, and then the build.
  Task<BuildOutcome> all();
  /// Removes working containers, after a check and after an end that was no success: nothing of this run stays in the store.
  Task<> clear_store();
  /// Removes the run's folders.
  Task<> clear_folders();
  /// The stage that it is in: for the end's record.
  Stage stage() const noexcept { return stage_; }
  const BuildOrder& order() const noexcept { return order_; }

 private:
  /// The steps of prepare(), on the pool. Those with a result return what must not be seen in the log.
  std::vector<std::string> read_secrets() const;
  std::vector<std::string> prepare_folders();
  void prepare_view();
  Store store() const;
  /// Of this run alone: stores are shared by templates, which may build one commit.
  std::string list_name() const;
  void note_used_images() const;
  /// Runs a command that clears up; what it said where it did not end well.
  Task<std::optional<std::string>> tidy(Argv argv);
  std::vector<std::string> environment(const std::vector<std::string>& own) const;

  /// The command as this run starts it.
  Argv wrapped(const Argv& argv) const;
  /// Runs one command under the run's limits until the deadline, or `limit` where that is sooner.
  Task<io::Exit> run(Argv argv, const std::vector<std::string>& own_environment, Clock::duration limit = Clock::duration::max());
  /// What a command's end means when it was no success.
  BuildOutcome ended(const io::Exit& exit, const std::string& what) const;
  /// The last lines of the program itself, without buildah's remarks on its exit status.
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
  std::optional<RunGroup> group_;  ///< destroyed before the folders: nothing writes there any more
  Clock::time_point deadline_;
  Stage stage_;
  bool has_auth_ = false;
  std::vector<std::string> used_images_;  ///< that the build took from the store
  std::size_t said_ = 0;  ///< lines of the command that was run last
};

/// `30 min`, `45 s`: how a limit is told.
std::string limit_text(Clock::duration limit);

/// True where a builder's last words speak of a server that could not be reached, so that another try may help.
bool is_network_trouble(std::string_view words);

}  // namespace slipway::build

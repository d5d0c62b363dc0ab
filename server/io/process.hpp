#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/task.hpp"

namespace slipway::io {

/// A program to run. No shell is involved; the child gets exactly this environment and no open file but its standard three.
struct Command {
  Command() = default;
  explicit Command(std::vector<std::string> arguments) : argv(std::move(arguments)) {}
  std::vector<std::string> argv;         ///< [0] is looked up in `environment`'s PATH unless it has a slash
  std::vector<std::string> environment;  ///< `NAME=value`
  std::filesystem::path directory;       ///< empty: the daemon's
  std::string input;                     ///< bytes for its stdin; empty: /dev/null
  std::vector<std::filesystem::path> cgroups;  ///< `…/cgroup.procs` files it joins before exec
  std::chrono::milliseconds limit{std::chrono::hours(24)};   ///< after that its whole process group is ended
  std::chrono::milliseconds grace{std::chrono::seconds(5)};  ///< between SIGTERM and SIGKILL
};

/// How a program ended: by `code`, or by `signal` when that is not 0.
struct Exit {
  Exit() = default;
  Exit(int exit_code, int by_signal, bool by_limit) : code(exit_code), signal(by_signal), timed_out(by_limit) {}
  bool ok() const noexcept { return code == 0 && signal == 0 && !timed_out; }
  /// `exited with 3`, `was killed by signal 9`, `ran out of time`
  std::string text() const;
  int code = 0;
  int signal = 0;
  bool timed_out = false;  ///< ended because `limit` had passed
};

enum class OutputStream { out, err };
/// Receives output line by line, with the `\n` if there was one; a line above 8 KiB arrives in pieces. Called on the loop.
using OutputSink = std::function<void(OutputStream, std::string_view)>;

/// Runs programs. An interface, so that tests can substitute a fake. Used on the loop.
class Processes {
 public:
  virtual ~Processes() = default;

  /// Starts the program in its own process group and waits until it has ended and its output is closed. When it ends,
  /// runs out of time, or the awaiting task is cancelled, the rest of its group is ended (SIGTERM, then SIGKILL) before
  /// this returns; a cancelled call then throws boost::system::system_error (operation_aborted). Throws Unavailable if
  /// the program cannot be started. The child dies with the daemon (PR_SET_PDEATHSIG).
  virtual Task<Exit> run(const Command& command, OutputSink output) = 0;
};

/// Real child processes: fork and pidfd, no SIGCHLD handler.
class SystemProcesses final : public Processes {
 public:
  Task<Exit> run(const Command& command, OutputSink output) override;
};

/// Path of a program: `name` itself if it contains a slash, else the first executable of that name in `path` (as in PATH).
std::optional<std::filesystem::path> find_program(const std::string& name, std::string_view path);

/// The environment's PATH, or the system's default.
std::string search_path();

}  // namespace slipway::io

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace slipway::app {

/// Exit codes, the same for all commands.
enum class ExitCode { done = 0, no = 1, usage = 2, unreachable = 3 };

/// Options that every command accepts.
struct Global {
  std::optional<std::filesystem::path> config;  ///< default: /etc/slipway/slipway.yaml, then ./slipway.yaml
  bool json = false;
};

struct Serve { bool shadow = false; };
struct Check {};
struct Doctor {};
struct Explain {
  std::string delivery;
  std::string history;  ///< repository whose commits to walk instead
  std::size_t last = 200;
};
struct Eval {
  std::string expression;
  std::string body, headers, batch;  ///< file names
};
struct Replay {
  std::string delivery;
  std::string url;
  bool same_id = false;
};
struct Get {
  std::string kind, name, output;
};
struct Runs {
  std::string template_name, state;
  bool watch = false;
  std::size_t limit = 50;
};
struct ShowRun { std::int64_t id = 0; };
struct Logs {
  std::int64_t id = 0;
  bool follow = false;
};
struct Cancel { std::int64_t id = 0; };
struct Retry {
  std::int64_t id = 0;
  bool allow_rollback = false, rebuild = false;
};
struct Release { std::string template_name; };
struct Why {
  std::string sha, template_name;
};
struct EditValues {
  std::string file;
  std::vector<std::string> set;
  bool in_place = false, create = false, follow_alias = false;
};
struct ImportTekton { std::vector<std::string> folders; };
struct ShadowReport { std::size_t last = 200; };

using Action = std::variant<Serve, Check, Doctor, Explain, Eval, Replay, Get, Runs, ShowRun, Logs, Cancel, Retry, Release, Why,
                            EditValues, ImportTekton, ShadowReport>;

/// A parsed command line, or just the exit code if there is nothing to run (`--help`, `--version`, a usage error).
struct CommandLine {
  Global global;
  std::optional<Action> action;
  int exit_code = 0;  ///< used if there is no action
};

/// Reads the arguments; prints help and usage errors itself.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace slipway::app

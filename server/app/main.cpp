#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <variant>

#include "app/cli.hpp"
#include "app/commands.hpp"
#include "base/failure.hpp"

int main(int argc, char** argv) {
  using namespace slipway::app;
  using slipway::Unavailable;
  using slipway::UsageError;
  std::signal(SIGCHLD, SIG_DFL);  // inherited as ignored, the exit codes of our children would be lost
  const CommandLine line = parse_command_line(argc, argv);
  if (!line.action) return line.exit_code;
  try {
    const ExitCode code = std::visit([&](const auto& action) { return slipway::app::run(line.global, action); }, *line.action);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw std::runtime_error("the output could not be written");
    return static_cast<int>(code);
  } catch (const UsageError& error) {
    fmt::print(stderr, "slipway: {}\n", error.what());
    return static_cast<int>(ExitCode::usage);
  } catch (const Unavailable& error) {
    fmt::print(stderr, "slipway: {}\n", error.what());
    return static_cast<int>(ExitCode::unreachable);
  } catch (const std::exception& error) {
    fmt::print(stderr, "slipway: {}\n", error.what());
    return static_cast<int>(ExitCode::no);
  }
}

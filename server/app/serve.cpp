#include <csignal>
#include <optional>

#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/inputs.hpp"
#include "base/failure.hpp"
#include "io/resident.hpp"

namespace slipway::app {

/// slipway serve: the daemon, in the foreground.
ExitCode run(const Global& global, const Serve& serve) {
  io::return_large_blocks();
  auto config = load_config(global, true);
  const Log log = Log::to_stderr(config.settings.log.format, config.settings.log.level);
  std::signal(SIGPIPE, SIG_IGN);  // keep running if the reader of the log goes away
  const bool shadow = serve.shadow || config.settings.shadow;
  std::optional<Daemon> daemon;
  try {
    daemon.emplace(std::move(config), shadow, log);
  } catch (const Refused& error) {
    throw UsageError(error.what());  // a restart would not help
  }
  daemon->run();
  return ExitCode::done;
}

}  // namespace slipway::app

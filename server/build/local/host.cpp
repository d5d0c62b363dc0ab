#include "build/local/host.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "base/failure.hpp"
#include "build/local/buildah.hpp"

namespace slipway::build {

namespace {

const Argv unshare{"unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"};

/// True where the program could be started and ended well.
Task<bool> works(io::Processes& processes, Argv argv, const std::filesystem::path& home) {
  io::Command command(std::move(argv));
  command.environment = {"PATH=" + io::search_path(), "HOME=" + home.string(), "TMPDIR=" + home.string()};
  command.limit = std::chrono::seconds(30);
  bool ok = false;
  const io::OutputSink silent = [](io::OutputStream, std::string_view) {};
  try {
    const auto exit = co_await processes.run(command, silent);
    ok = exit.ok();
  } catch (const Unavailable&) {  // no such program: that is the answer
  }
  co_return ok;
}

}  // namespace

Argv Host::wrapped(Argv argv, const Resources& resources) const {
  Argv whole = own_namespaces ? unshare : Argv();
  const auto limited = limits.prefix(resources);
  whole.insert(whole.end(), limited.begin(), limited.end());
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

std::vector<std::string> Host::facts() const {
  return {"limits by " + limits.description(),
          own_namespaces ? "builders run in a mount and PID namespace of their own"
                         : "builders share this machine's namespaces: they are ended by process group and control group",
          fmt::format("isolation {}, storage {}", isolation, driver)};
}

Task<Host> examine_host(io::Processes& processes, const BuilderSettings& settings, const std::filesystem::path& folder,
                        const std::string& key) {
  Host host;
  host.limits = Limits::detect(key);
  // Not oci: a container runtime would put the build into control groups of its own choice, out of reach of its limits.
  host.isolation = settings.isolation.empty() ? "chroot" : settings.isolation;
  std::filesystem::create_directories(folder);
  Argv probe = unshare;
  probe.push_back("true");
  host.own_namespaces = co_await works(processes, std::move(probe), folder);
  host.driver = settings.storage_driver.empty() ? "overlay" : settings.storage_driver;
  if (settings.kind == BuilderKind::buildah && settings.storage_driver.empty()) {
    Store store;
    store.root = folder / "probe" / "root";
    store.runroot = folder / "probe" / "runroot";
    store.driver = host.driver;
    const Buildah buildah(settings.program.empty() ? "buildah" : settings.program);
    Argv info = host.wrapped(buildah.info(store), Resources());
    const bool overlay = co_await works(processes, std::move(info), folder);
    if (!overlay) host.driver = "vfs";
    std::error_code ignored;
    std::filesystem::remove_all(folder / "probe", ignored);
  }
  co_return host;
}

}  // namespace slipway::build

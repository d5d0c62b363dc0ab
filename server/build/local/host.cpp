#include "build/local/host.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "base/failure.hpp"
#include "build/local/buildah.hpp"

namespace slipway::build {

namespace {

const Argv unshare{"unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"};
// For users other than root, with the ids of /etc/subuid and /etc/subgid, the same that buildah would use by itself.
const Argv unshare_as_user{"unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork", "--kill-child=KILL"};

Argv joined(std::initializer_list<Argv> parts) {
  Argv whole;
  for (const auto& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

bool is_there(const std::string& program) {
  const auto file = io::find_program(program, io::search_path());
  return file && ::access(file->c_str(), X_OK) == 0;
}

/// True if the program starts and exits with 0.
Task<bool> works(io::Processes& processes, Argv argv, const std::filesystem::path& home) {
  io::Command command(std::move(argv));
  command.environment = {"PATH=" + io::search_path(), "HOME=" + home.string(), "TMPDIR=" + home.string()};
  command.limit = std::chrono::seconds(30);
  bool ok = false;
  const io::OutputSink silent = [](io::OutputStream, std::string_view) {};
  try {
    const auto exit = co_await processes.run(command, silent);
    ok = exit.ok();
  } catch (const Unavailable&) {  // no such program
  }
  co_return ok;
}

Task<Argv> allowed_namespaces(io::Processes& processes, const std::filesystem::path& folder) {
  const Argv& namespaces = ::geteuid() == 0 ? unshare : unshare_as_user;
  Argv probe = joined({namespaces, {"--mount-proc", "--", "true"}});
  const bool allowed = co_await works(processes, std::move(probe), folder);
  if (!allowed) co_return Argv();
  co_return namespaces;
}

/// Only for chroot isolation and a system-installed buildah: a container runtime, or a custom program, may need more than a view shows.
Task<bool> allows_view(io::Processes& processes, const Host& host, const std::string& buildah, const std::filesystem::path& folder) {
  const auto program = io::find_program(buildah, io::search_path());
  if (host.namespaces.empty() || host.isolation != "chroot" || !program || !is_in_view(*program)) co_return false;
  const View view(folder);
  view.lay_out();
  Argv look = host.wrapped({"true"}, view, "/");
  co_return co_await works(processes, std::move(look), folder);
}

Task<bool> allows_overlay(io::Processes& processes, const Host& host, const std::string& buildah, const std::filesystem::path& folder) {
  Store store;
  store.root = folder / "root";
  store.runroot = folder / "runroot";
  store.driver = "overlay";
  Argv info = host.wrapped(Buildah(buildah).info(store));
  co_return co_await works(processes, std::move(info), folder);
}

}  // namespace

Argv Host::wrapped(const Argv& argv) const {
  return namespaces.empty() ? argv : joined({namespaces, {"--mount-proc", "--"}, argv});
}

Argv Host::wrapped(const Argv& argv, const View& view, const std::filesystem::path& directory) const {
  return joined({namespaces, {"--"}, view.command(argv, directory)});
}

std::vector<std::string> Host::facts() const {
  return {"limits by " + limits.description(),
          !namespaces.empty() ? "builders run in a mount and PID namespace of their own"
                              : "builders share this machine's namespaces: they are ended by process group and control group",
          own_view ? "they see its programs and their run's folders, and no other file" : "they see its files, as far as their user may",
          has_buildah ? fmt::format("isolation {}, storage {}", isolation, driver) : "without buildah no check can run"};
}

Task<Host> examine_host(io::Processes& processes, const BuilderSettings& settings, const std::filesystem::path& folder,
                        const std::string& key) {
  Host host;
  host.limits = Limits::detect(key);
  // Not oci: a container runtime would move the build to its own control groups, where our limits do not apply.
  host.isolation = settings.isolation.empty() ? "chroot" : settings.isolation;
  if (!is_there(builder_program(settings))) {
    host.missing = fmt::format("there is no {} on this machine: install it, or set `builder.program`", builder_program(settings));
  }
  const std::string buildah = buildah_program(settings);
  host.has_buildah = is_there(buildah);
  const std::filesystem::path folders[] = {folder / "probe" / "view", folder / "probe" / "store"};
  for (const auto& one : folders) {
    std::error_code error;
    std::filesystem::create_directories(one, error);
    if (error) throw_unavailable(fmt::format("cannot make {}: {}", one.string(), error.message()), error);
  }
  host.namespaces = co_await allowed_namespaces(processes, folder);
  host.own_view = co_await allows_view(processes, host, buildah, folders[0]);
  host.driver = settings.storage_driver.empty() ? "overlay" : settings.storage_driver;
  if (host.has_buildah && settings.storage_driver.empty()) {
    const bool overlay = co_await allows_overlay(processes, host, buildah, folders[1]);
    if (!overlay) host.driver = "vfs";
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder / "probe", ignored);
  co_return host;
}

}  // namespace slipway::build

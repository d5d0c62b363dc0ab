#include "build/local/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "base/failure.hpp"
#include "build/local/workspace.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

// Top-level folders with programs and libraries.
constexpr std::array programs{"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
// Parts of /etc for name resolution and trust; no keys or passwords.
constexpr std::array names{"alternatives", "ca-certificates", "containers", "crypto-policies", "docker/certs.d", "group",
                           "host.conf",    "hostname",        "hosts",      "ld.so.cache",     "localtime",      "mime.types",
                           "nsswitch.conf", "os-release",     "passwd",     "pki/ca-trust",    "pki/tls/certs",  "protocols",
                           "resolv.conf",  "services",        "ssl/certs",  "ssl/openssl.cnf", "subgid",         "subuid"};
constexpr std::array harmless_devices{"full", "fuse", "null", "random", "tty", "urandom", "zero"};
// Mounts, then changes root, in the builder's namespaces. The shell parses only this script, never an argument.
constexpr const char* enter = R"(mount --all --fstab "$1" || exit
root=$2 directory=$3
shift 3
exec unshare --root="$root" --wd="$directory" -- "$@"
)";

/// A path escaped as in fstab(5) and /proc/self/mountinfo.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) text += c == ' ' || c == '\t' || c == '\n' || c == '\\' ? fmt::format("\\{:03o}", static_cast<int>(c)) : std::string(1, c);
  return text;
}

/// Mount points below a folder, escaped.
std::vector<std::string> mounts_below(const std::string& folder) {
  std::vector<std::string> found;
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, where;
    words >> id >> parent >> device >> root >> where;
    if (where.starts_with(folder + "/")) found.push_back(where);
  }
  return found;
}

}  // namespace

View::View(fs::path folder) : folder_(std::move(folder)), root_(folder_ / "root") {
  add(root_.string(), "", "none", "bind");  // makes it a mount point, as buildah expects / to be
  show_system();
  show_devices();
  for (const char* own : {"var/lib/containers", "run", "root", "etc"}) skeleton_.folder(own);
  for (const char* common : {"tmp", "var/tmp"}) skeleton_.folder(common, fs::perms::all | fs::perms::sticky_bit);
}

void View::add(const std::string& source, const fs::path& where, const std::string& type, const std::string& options) {
  table_.push_back(fmt::format("{} {} {} {} 0 0", escaped(source), escaped((where.empty() ? root_ : root_ / where).string()), type, options));
}

void View::bind(const fs::path& path, const fs::path& where, const std::string& options) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return;
  const fs::path below = fs::absolute(where).lexically_normal().relative_path();
  const bool is_folder = fs::is_directory(real, error);
  // Inside a shown folder the mount point already exists.
  if (!is_shown(below)) is_folder ? skeleton_.folder(below) : skeleton_.file(below);
  if (is_folder) shown_.insert(below);
  add(real.string(), below, "none", options);
}

bool View::is_shown(const fs::path& below) const {
  for (fs::path above = below.parent_path(); !above.empty(); above = above.parent_path()) {
    if (shown_.contains(above)) return true;
  }
  return false;
}

// A regular file is copied: its mount point would have to be created too, and every command would mount it again.
void View::show_name(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return show(path);
  skeleton_.copy(path.relative_path(), fs::canonical(path, error));
}

void View::show(const fs::path& path) { bind(path, path, "bind,ro"); }

void View::show_writable(const fs::path& path) { bind(path, path, "bind"); }

void View::show_writable(const fs::path& path, const fs::path& where) { bind(path, where, "bind"); }

void View::show_system() {
  for (const char* name : programs) {
    const fs::path path = fs::path("/") / name;
    std::error_code none;
    if (!fs::is_symlink(path, none)) {
      bind(path, path, "rbind,ro");
      continue;
    }
    skeleton_.link(name, fs::read_symlink(path));
    shown_.insert(name);  // a link into /usr
  }
  for (const char* name : names) show_name(fs::path("/etc") / name);
  skeleton_.folder("proc");
  add("proc", "proc", "proc", "nosuid,nodev,noexec");
  bind("/sys", "/sys", "rbind,ro");
  for (const auto& mount : mounts_below("/sys")) {
    table_.push_back(fmt::format("{0} {0} none bind,ro,remount 0 0", escaped(root_.string()) + mount));
  }
}

void View::show_devices() {
  for (const char* name : harmless_devices) show_writable(fs::path("/dev") / name);
  skeleton_.folder("dev/pts");
  skeleton_.folder("dev/shm");
  add("devpts", "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620");
  add("tmpfs", "dev/shm", "tmpfs", "nosuid,nodev,mode=1777");
  skeleton_.link("dev/ptmx", "pts/ptmx");
  skeleton_.link("dev/fd", "/proc/self/fd");
  skeleton_.link("dev/stdin", "/proc/self/fd/0");
  skeleton_.link("dev/stdout", "/proc/self/fd/1");
  skeleton_.link("dev/stderr", "/proc/self/fd/2");
}

void View::lay_out() const {
  try {
    skeleton_.bring_up_to_date(root_);
  } catch (const fs::filesystem_error&) {
    lay_out_anew();
  }
  write_private(folder_ / "mounts", fmt::format("{}\n", fmt::join(table_, "\n")));
  write_private(folder_ / "enter", enter);
}

/// The old root contains files this user cannot remove (a rootless builder uses other users' ids): moves it out of the way.
void View::lay_out_anew() const {
  try {
    int number = 0;
    while (fs::exists(folder_ / fmt::format("refuse-{}", number))) ++number;
    if (fs::exists(root_)) fs::rename(root_, folder_ / fmt::format("refuse-{}", number));
    skeleton_.bring_up_to_date(root_);
  } catch (const fs::filesystem_error& error) {
    throw_unavailable(fmt::format("cannot lay out what the builder is to see: {}", error.what()), error.code());
  }
}

Argv View::command(const Argv& argv, const fs::path& directory) const {
  Argv whole{"sh", (folder_ / "enter").string(), (folder_ / "mounts").string(), root_.string(), directory.string()};
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

bool is_in_view(const fs::path& program) {
  std::error_code error;
  const auto real = fs::canonical(program, error);
  return !error && std::any_of(programs.begin(), programs.end(), [&](const char* name) {
           return real.string().starts_with(fmt::format("/{}/", name));
         });
}

}  // namespace slipway::build

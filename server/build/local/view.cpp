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

// Where programs and what they need are.
constexpr std::array programs{"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
// Of /etc what names things and says whom to trust; no key and no password.
constexpr std::array names{"alternatives", "ca-certificates", "containers", "crypto-policies", "docker/certs.d", "group",
                           "host.conf",    "hostname",        "hosts",      "ld.so.cache",     "localtime",      "mime.types",
                           "nsswitch.conf", "os-release",     "passwd",     "pki/ca-trust",    "pki/tls/certs",  "protocols",
                           "resolv.conf",  "services",        "ssl/certs",  "ssl/openssl.cnf", "subgid",         "subuid"};
constexpr std::array harmless_devices{"full", "fuse", "null", "random", "tty", "urandom", "zero"};
// Two programs, one after the other in the builder's namespaces; a shell reads these lines, and no argument.
constexpr const char* enter = R"(mount --all --fstab "$1" || exit
root=$2 directory=$3
shift 3
exec unshare --root="$root" --wd="$directory" -- "$@"
)";

/// As fstab(5) and /proc/self/mountinfo write a path.
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
  add(root_.string(), "", "none", "bind");  // so that it is a mount point, as buildah expects of /
  show_system();
  show_devices();
  for (const char* own : {"tmp", "var/tmp", "var/lib/containers", "run", "root", "etc"}) folders_.emplace_back(own);
}

void View::add(const std::string& source, const fs::path& where, const std::string& type, const std::string& options) {
  table_.push_back(fmt::format("{} {} {} {} 0 0", escaped(source), escaped((where.empty() ? root_ : root_ / where).string()), type, options));
}

void View::bind(const fs::path& path, const fs::path& where, const std::string& options) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return;
  const fs::path below = fs::absolute(where).lexically_normal().relative_path();
  (fs::is_directory(real, error) ? folders_ : files_).push_back(below);
  add(real.string(), below, "none", options);
}

// A file has to be made for it either way; a mount would be made again by every command.
void View::show_name(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return show(path);
  copies_.emplace_back(fs::canonical(path, error), path.relative_path());
}

void View::show(const fs::path& path) { bind(path, path, "bind,ro"); }

void View::show_writable(const fs::path& path) { bind(path, path, "bind"); }

void View::show_writable(const fs::path& path, const fs::path& where) { bind(path, where, "bind"); }

void View::show_system() {
  for (const char* name : programs) {
    const fs::path path = fs::path("/") / name;
    std::error_code none;
    if (fs::is_symlink(path, none)) links_.emplace_back(name, fs::read_symlink(path));
    else bind(path, path, "rbind,ro");
  }
  for (const char* name : names) show_name(fs::path("/etc") / name);
  folders_.emplace_back("proc");
  add("proc", "proc", "proc", "nosuid,nodev,noexec");
  bind("/sys", "/sys", "rbind,ro");
  for (const auto& mount : mounts_below("/sys")) {
    table_.push_back(fmt::format("{0} {0} none bind,ro,remount 0 0", escaped(root_.string()) + mount));
  }
}

void View::show_devices() {
  for (const char* name : harmless_devices) show_writable(fs::path("/dev") / name);
  folders_.emplace_back("dev/pts");
  folders_.emplace_back("dev/shm");
  add("devpts", "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620");
  add("tmpfs", "dev/shm", "tmpfs", "nosuid,nodev,mode=1777");
  links_.emplace_back("dev/ptmx", "pts/ptmx");
  links_.emplace_back("dev/fd", "/proc/self/fd");
  links_.emplace_back("dev/stdin", "/proc/self/fd/0");
  links_.emplace_back("dev/stdout", "/proc/self/fd/1");
  links_.emplace_back("dev/stderr", "/proc/self/fd/2");
}

void View::lay_out() const {
  try {
    for (const auto& folder : folders_) fs::create_directories(root_ / folder);
    for (const auto& file : files_) {
      fs::create_directories((root_ / file).parent_path());
      write_private(root_ / file, "");
    }
    for (const auto& [source, copy] : copies_) {
      fs::create_directories((root_ / copy).parent_path());
      fs::copy_file(source, root_ / copy);
    }
    for (const auto& [link, target] : links_) fs::create_symlink(target, root_ / link);
    for (const char* common : {"tmp", "var/tmp"}) fs::permissions(root_ / common, fs::perms::all | fs::perms::sticky_bit);
  } catch (const fs::filesystem_error& error) {
    throw Unavailable(fmt::format("can not lay out what the builder is to see: {}", error.what()));
  }
  write_private(folder_ / "mounts", fmt::format("{}\n", fmt::join(table_, "\n")));
  write_private(folder_ / "enter", enter);
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

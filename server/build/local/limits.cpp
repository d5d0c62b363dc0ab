#include "build/local/limits.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>

#include "base/failure.hpp"
#include "build/local/workspace.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

constexpr const char* processes_max = "16384";  // stops fork bombs; a large build has hundreds
constexpr std::uint64_t cpu_period = 100'000;   // microseconds
// RUN is started by a Go program, which aborts with less. (RLIMIT_AS is no option: Go reserves more than a gigabyte.)
constexpr std::uint64_t least_data = 192ull << 20;

bool write(const fs::path& file, const std::string& text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (out < 0) return false;
  const bool done = ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(out);
  errno = error;
  return done;
}

void set(const fs::path& file, const std::string& text) {
  if (write(file, text)) return;
  throw Unavailable(fmt::format("cannot set the limit {} to {}: {}", file.string(), text, std::strerror(errno)));
}

std::vector<pid_t> processes_of(const fs::path& group) {
  std::vector<pid_t> processes;
  std::ifstream in(group / "cgroup.procs");
  for (pid_t process = 0; in >> process;) processes.push_back(process);
  return processes;
}

/// Kills all processes in the group, repeatedly in case they fork; false if some are left after about a second.
bool end_all(const fs::path& group) {
  if (write(group / "cgroup.kill", "1") && processes_of(group).empty()) return true;
  for (int round = 0; round < 100; ++round) {
    const auto processes = processes_of(group);
    if (processes.empty()) return true;
    for (const pid_t process : processes) ::kill(process, SIGKILL);
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

void remove_group(const fs::path& group) {
  std::error_code ignored;
  std::vector<fs::path> inner;
  for (const auto& entry : fs::directory_iterator(group, ignored)) {
    if (entry.is_directory(ignored)) inner.push_back(entry.path());
  }
  for (const auto& below : inner) remove_group(below);
  end_all(group);
  ::rmdir(group.c_str());
}

/// `/proc/self/cgroup` (cgroups(7)): controller to path; the empty controller is version 2.
std::map<std::string, std::string> own_groups(const fs::path& self) {
  std::map<std::string, std::string> groups;
  std::ifstream in(self);
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 2);
    if (controllers.empty()) groups[""] = path;
    for (std::size_t begin = 0; begin < controllers.size();) {
      const std::size_t end = std::min(controllers.find(',', begin), controllers.size());
      groups[controllers.substr(begin, end - begin)] = path;
      begin = end + 1;
    }
  }
  return groups;
}

bool make_folder(const fs::path& folder) { return ::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST; }

constexpr std::array used{"memory", "cpu", "pids"};

/// The controllers of a version 2 group that are used here.
std::vector<std::string> controllers_of(const fs::path& group) {
  std::istringstream words(read_if_there(group / "cgroup.controllers"));
  const std::vector<std::string> present{std::istream_iterator<std::string>(words), {}};
  std::vector<std::string> controllers;
  for (const char* one : used) {
    if (std::find(present.begin(), present.end(), one) != present.end()) controllers.emplace_back(one);
  }
  return controllers;
}

/// Enables limits for groups below `group`. That requires `group` to have no processes of its own (cgroups(7), "no internal processes"
/// rule): if this process is the only one, it moves to a sub-group, as systemd asks of units with Delegate=yes.
bool delegate(const fs::path& group, const std::string& wanted) {
  if (write(group / "cgroup.subtree_control", wanted)) return true;
  if (errno != EBUSY) return false;
  const auto mine = processes_of(group);
  if (mine.size() != 1 || mine.front() != ::getpid() || !make_folder(group / "daemon")) return false;
  return write(group / "daemon" / "cgroup.procs", "0") && write(group / "cgroup.subtree_control", wanted);
}

std::optional<std::uint64_t> tightest(const fs::path& mounted, fs::path group, const char* file) {
  std::optional<std::uint64_t> limit;
  while (true) {
    const std::string text = read_if_there(mounted / group.relative_path() / file);
    std::uint64_t bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);  // "max" is none
    if (error == std::errc()) limit = std::min(bytes, limit.value_or(bytes));
    if (!group.has_relative_path()) return limit;
    group = group.parent_path();
  }
}

}  // namespace

std::optional<std::uint64_t> memory_limit(const fs::path& root, const fs::path& self) {
  const auto groups = own_groups(self);
  const auto old = groups.find("memory");
  if (old != groups.end()) return tightest(root / "memory", old->second, "memory.limit_in_bytes");
  const auto unified = groups.find("");
  return unified == groups.end() ? std::nullopt : tightest(root, unified->second, "memory.max");
}

RunGroup::RunGroup(std::vector<fs::path> folders, fs::path memory)
    : folders_(std::move(folders)), memory_(std::move(memory)) {}

RunGroup::RunGroup(RunGroup&& other) noexcept
    : folders_(std::exchange(other.folders_, {})), memory_(std::move(other.memory_)) {}

RunGroup::~RunGroup() {
  for (const auto& folder : folders_) remove_group(folder);
}

std::vector<fs::path> RunGroup::procs() const {
  std::vector<fs::path> files;
  for (const auto& folder : folders_) files.push_back(folder / "cgroup.procs");
  return files;
}

bool RunGroup::ran_out_of_memory() const {
  if (memory_.empty()) return false;
  for (const char* file : {"memory.events", "memory.oom_control"}) {
    std::ifstream in(memory_ / file);
    std::string word;
    for (long count = 0; in >> word >> count;) {
      if (word == "oom_kill" && count > 0) return true;
    }
  }
  return false;
}

Limits Limits::detect(const std::string& key, const fs::path& root, const fs::path& self) {
  Limits limits;
  const auto own = own_groups(self);
  if (const auto v2 = own.find(""); v2 != own.end()) {
    const fs::path base = root / fs::path(v2->second);
    const Parent parent{"", base / ("slipway-" + key)};
    limits.controllers_ = controllers_of(base);
    if (limits.can_limit("memory") && delegate(base, limits.wanted()) && limits.make_parent(parent)) {
      limits.parents_.push_back(parent);
      limits.description_ = fmt::format("cgroup v2 ({})", fmt::join(limits.controllers_, ", "));
      return limits;
    }
  }
  limits.controllers_.clear();
  for (const char* controller : used) {
    const auto found = own.find(controller);
    if (found == own.end()) continue;
    const Parent parent{controller, root / controller / fs::path(found->second) / ("slipway-" + key)};
    if (!limits.make_parent(parent)) continue;
    limits.parents_.push_back(parent);
    limits.controllers_.emplace_back(controller);
  }
  const std::string groups = fmt::format("cgroup v1 ({})", fmt::join(limits.controllers_, ", "));
  const std::string rlimits = "so only the data of each process is limited";
  limits.description_ = limits.parents_.empty()      ? "rlimits: no control group can be written, " + rlimits
                        : limits.can_limit("memory") ? groups
                                                  : groups + " and rlimits: no group can limit memory, " + rlimits;
  return limits;
}

bool Limits::can_limit(std::string_view controller) const {
  return std::find(controllers_.begin(), controllers_.end(), controller) != controllers_.end();
}

std::string Limits::wanted() const { return fmt::format("+{}", fmt::join(controllers_, " +")); }

bool Limits::make_parent(const Parent& parent) const {
  return make_folder(parent.folder) && (!parent.controller.empty() || write(parent.folder / "cgroup.subtree_control", wanted()));
}

void Limits::limit(const Parent& parent, const fs::path& group, const Resources& resources) const {
  const auto quota = [](std::uint64_t milli) { return std::max<std::uint64_t>(milli * cpu_period / 1000, 1000); };
  const auto shares = [](std::uint64_t milli) { return std::clamp<std::uint64_t>(milli * 1024 / 1000, 2, 262'144); };
  if (parent.controller.empty()) {
    if (can_limit("pids")) set(group / "pids.max", processes_max);
    if (resources.memory_limit) {
      set(group / "memory.max", std::to_string(*resources.memory_limit));
      write(group / "memory.swap.max", "0");  // absent without swap
    }
    if (!can_limit("cpu")) return;
    if (resources.cpu_limit) set(group / "cpu.max", fmt::format("{} {}", quota(*resources.cpu_limit), cpu_period));
    // Weights range from 1 to 10,000, whereas version 1's shares range from 2 to 262,144.
    if (resources.cpu_request) {
      set(group / "cpu.weight", std::to_string(1 + (shares(*resources.cpu_request) - 2) * 9999 / 262'142));
    }
    return;
  }
  if (parent.controller == "pids") set(group / "pids.max", processes_max);
  if (parent.controller == "memory" && resources.memory_limit) {
    set(group / "memory.limit_in_bytes", std::to_string(*resources.memory_limit));
    write(group / "memory.memsw.limit_in_bytes", std::to_string(*resources.memory_limit));  // absent without swap accounting
  }
  if (parent.controller == "cpu" && resources.cpu_limit) {
    set(group / "cpu.cfs_period_us", std::to_string(cpu_period));
    set(group / "cpu.cfs_quota_us", std::to_string(quota(*resources.cpu_limit)));
  }
  if (parent.controller == "cpu" && resources.cpu_request) {
    set(group / "cpu.shares", std::to_string(shares(*resources.cpu_request)));
  }
}

std::optional<RunGroup> Limits::make(RunId run, const Resources& resources) const {
  if (parents_.empty()) return std::nullopt;
  std::vector<fs::path> folders;
  fs::path memory;
  for (const auto& parent : parents_) {
    folders.push_back(parent.folder / fmt::format("run-{}", run.value()));
    if (parent.controller != "cpu" && parent.controller != "pids") memory = folders.back();
  }
  // Owns the folders from here on, so they are removed if a limit cannot be set.
  RunGroup group(folders, memory);
  for (std::size_t i = 0; i < parents_.size(); ++i) {
    if (!make_parent(parents_[i]) || !make_folder(folders[i])) {
      throw Unavailable(fmt::format("cannot make the control group {}: {}", folders[i].string(), std::strerror(errno)));
    }
    limit(parents_[i], folders[i], resources);
  }
  return group;
}

std::optional<std::uint64_t> Limits::rlimit(const Resources& resources) const {
  if (can_limit("memory") || !resources.memory_limit) return std::nullopt;
  return std::max(*resources.memory_limit, least_data);
}

void Limits::remove() const {
  for (const auto& parent : parents_) ::rmdir(parent.folder.c_str());
}

std::vector<std::string> Limits::reclaim() const {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& parent : parents_) {
    std::vector<fs::path> groups;
    for (const auto& entry : fs::directory_iterator(parent.folder, ignored)) {
      if (entry.is_directory(ignored) && entry.path().filename().string().starts_with("run-")) groups.push_back(entry.path());
    }
    for (const auto& group : groups) {
      found.push_back(group.string());
      remove_group(group);
    }
  }
  return found;
}

}  // namespace slipway::build

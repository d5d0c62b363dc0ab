#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/template.hpp"

namespace slipway::build {

/// The control groups of one run. The destructor kills whatever is left in them and removes them.
class RunGroup {
 public:
  RunGroup(std::vector<std::filesystem::path> folders, std::filesystem::path memory);
  RunGroup(RunGroup&& other) noexcept;
  RunGroup& operator=(RunGroup&&) = delete;
  ~RunGroup();

  /// The `cgroup.procs` files through which a process joins.
  std::vector<std::filesystem::path> procs() const;
  /// True once the OOM killer has killed a process in it.
  bool ran_out_of_memory() const;

 private:
  std::vector<std::filesystem::path> folders_;
  std::filesystem::path memory_;  ///< the group with the memory controller; empty: none
};

/// The tightest memory limit on this process, in bytes, from its control group (version 1 or 2) and those above it; nullopt: none.
/// A container's limit, or a unit's. Tests pass another `root` and `self`.
std::optional<std::uint64_t> memory_limit(const std::filesystem::path& root = "/sys/fs/cgroup",
                                          const std::filesystem::path& self = "/proc/self/cgroup");

/// How memory and CPU limits are enforced on this machine: by cgroups (version 2 or 1) if they are writable,
/// else by rlimits. buildah's own --memory is not usable: chroot isolation silently ignores it.
class Limits {
 public:
  /// `key` names this daemon's groups (state_key()). Tests pass another `root` (where cgroups are mounted) and
  /// `self`. May move this process into a sub-group (cgroup v2 allows limits only below
  /// groups without processes of their own).
  static Limits detect(const std::string& key, const std::filesystem::path& root = "/sys/fs/cgroup",
                       const std::filesystem::path& self = "/proc/self/cgroup");

  /// Creates the groups of one run, with its limits. Nothing if cgroups are not usable. Throws Unavailable if the kernel
  /// refuses.
  std::optional<RunGroup> make(RunId run, const Resources& resources) const;
  /// RLIMIT_DATA for each process in bytes, if there is a memory limit that no group can enforce.
  std::optional<std::uint64_t> rlimit(const Resources& resources) const;
  /// Removes groups left by an earlier process of this state directory, killing what runs in them. Returns their paths.
  std::vector<std::string> reclaim() const;
  /// Removes the parent group if it has no run's group in it; make() recreates it.
  void remove() const;
  /// For `doctor`: `cgroup v1 (memory, cpu, pids)`, `rlimits: …`.
  const std::string& description() const noexcept { return description_; }

 private:
  struct Parent {
    std::string controller;  ///< version 1 controller; empty for version 2
    std::filesystem::path folder;
  };
  bool can_limit(std::string_view controller) const;
  std::string wanted() const;  ///< `+memory +cpu`, for cgroup.subtree_control
  bool make_parent(const Parent& parent) const;
  void limit(const Parent& parent, const std::filesystem::path& group, const Resources& resources) const;

  std::vector<std::string> controllers_;  ///< usable ones
  std::vector<Parent> parents_;
  std::string description_;
};

}  // namespace slipway::build

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

/// The control groups of one run. Destroying it ends whatever is left in them and removes them.
class RunGroup {
 public:
  RunGroup(std::vector<std::filesystem::path> folders, std::filesystem::path memory);
  RunGroup(RunGroup&& other) noexcept;
  RunGroup& operator=(RunGroup&&) = delete;
  ~RunGroup();

  /// The files that a process joins by.
  std::vector<std::filesystem::path> procs() const;
  /// True once the kernel has ended something in it for want of memory.
  bool ran_out_of_memory() const;

 private:
  std::vector<std::filesystem::path> folders_;
  std::filesystem::path memory_;  ///< the one with the memory controller; empty where none
};

/// How memory and CPU limits are enforced on this machine: by control groups of version 2 or 1 where they can be written,
/// else by rlimits. buildah's own --memory is no way: chroot isolation ignores it silently.
class Limits {
 public:
  /// `key` names this daemon's groups: of one state directory. `root` is where cgroups are mounted, `self` is
  /// /proc/self/cgroup; tests give others. May move this process into a sub-group (cgroup v2 allows limits only below
  /// groups without processes of their own).
  static Limits detect(const std::string& key, const std::filesystem::path& root = "/sys/fs/cgroup",
                       const std::filesystem::path& self = "/proc/self/cgroup");

  /// The groups of one run, with its limits. Nothing where there are none to be had. Throws Unavailable where the kernel
  /// refuses.
  std::optional<RunGroup> make(RunId run, const Resources& resources) const;
  /// Bytes of data that each process may have (RLIMIT_DATA), where there is a limit and no group can keep it.
  std::optional<std::uint64_t> rlimit(const Resources& resources) const;
  /// Ends what an earlier process of this state directory left in its groups, and removes them. Names them.
  std::vector<std::string> reclaim() const;
  /// Removes the group that runs' groups are made in, where there is none; make() makes it again.
  void remove() const;
  /// For `doctor`: `cgroup v1 (memory, cpu, pids)`, `rlimits: …`.
  const std::string& description() const noexcept { return description_; }

 private:
  struct Parent {
    std::string controller;  ///< of version 1; empty for version 2
    std::filesystem::path folder;
  };
  bool can_limit(std::string_view controller) const;
  std::string wanted() const;  ///< `+memory +cpu`, for cgroup.subtree_control
  bool make_parent(const Parent& parent) const;
  void limit(const Parent& parent, const std::filesystem::path& group, const Resources& resources) const;

  std::vector<std::string> controllers_;  ///< that can be used
  std::vector<Parent> parents_;
  std::string description_;
};

}  // namespace slipway::build

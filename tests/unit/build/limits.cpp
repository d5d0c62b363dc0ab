#include "build/local/limits.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/tmp_dir.hpp"

using namespace slipway;
using build::Limits;
using build::memory_limit;
using test::TmpDir;
namespace fs = std::filesystem;

// cgroup folders fill themselves with files when the kernel makes them; here the test has to.
namespace {

Resources some() {
  Resources resources;
  resources.memory_limit = 512ull << 20;
  resources.cpu_limit = 1500;
  resources.cpu_request = 500;
  return resources;
}

void files(const fs::path& folder, std::initializer_list<const char*> names) {
  fs::create_directories(folder);
  for (const char* name : names) test::write_file(folder / name, "");
}

}  // namespace

TEST_CASE("the tightest memory limit of a process's groups counts") {
  const TmpDir dir;
  CHECK_FALSE(memory_limit(dir.path(), dir / "self"));
  SECTION("version 2") {
    test::write_file(dir / "self", "0::/system.slice/slipway.service\n");
    std::filesystem::create_directories(dir / "system.slice/slipway.service");
    CHECK_FALSE(memory_limit(dir.path(), dir / "self"));
    test::write_file(dir / "system.slice/slipway.service/memory.max", "max\n");
    test::write_file(dir / "system.slice/memory.max", "8589934592\n");
    CHECK(memory_limit(dir.path(), dir / "self") == 8ull << 30);
  }
  SECTION("version 2 in a container, which sees its own group as the root") {
    test::write_file(dir / "self", "0::/\n");
    test::write_file(dir / "memory.max", "1073741824\n");
    CHECK(memory_limit(dir.path(), dir / "self") == 1ull << 30);
  }
  SECTION("version 1") {
    test::write_file(dir / "self", "4:memory:/unit\n0::/\n");
    std::filesystem::create_directories(dir / "memory/unit");
    test::write_file(dir / "memory/memory.limit_in_bytes", "9223372036854771712\n");
    test::write_file(dir / "memory/unit/memory.limit_in_bytes", "2147483648\n");
    CHECK(memory_limit(dir.path(), dir / "self") == 2ull << 30);
  }
}

TEST_CASE("limits of version 1 go to the group of each controller") {
  test::TmpDir dir;
  test::write_file(dir / "self", "4:memory:/unit\n3:cpu,cpuacct:/unit\n2:pids:/unit\n1:name=systemd:/\n0::/\n");
  const fs::path memory = dir / "memory/unit/slipway-k/run-7", cpu = dir / "cpu/unit/slipway-k/run-7",
                 pids = dir / "pids/unit/slipway-k/run-7";
  files(memory, {"memory.limit_in_bytes", "cgroup.procs"});
  files(cpu, {"cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares", "cgroup.procs"});
  files(pids, {"pids.max", "cgroup.procs"});
  const auto limits = Limits::detect("k", dir.path(), dir / "self");
  CHECK(limits.description() == "cgroup v1 (memory, cpu, pids)");
  CHECK_FALSE(limits.rlimit(some()));

  const auto group = limits.make(RunId(7), some());
  REQUIRE(group);
  CHECK(test::read_file(memory / "memory.limit_in_bytes") == "536870912");
  CHECK(test::read_file(cpu / "cpu.cfs_period_us") == "100000");
  CHECK(test::read_file(cpu / "cpu.cfs_quota_us") == "150000");
  CHECK(test::read_file(cpu / "cpu.shares") == "512");
  CHECK(test::read_file(pids / "pids.max") == "16384");
  CHECK(group->procs() == std::vector<fs::path>{memory / "cgroup.procs", cpu / "cgroup.procs", pids / "cgroup.procs"});
  CHECK_FALSE(group->ran_out_of_memory());
  test::write_file(memory / "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
  CHECK(group->ran_out_of_memory());
}

TEST_CASE("limits of version 2 go to one group") {
  test::TmpDir dir;
  test::write_file(dir / "self", "0::/unit\n");
  files(dir / "unit", {"cgroup.subtree_control", "cgroup.procs"});
  test::write_file(dir / "unit/cgroup.controllers", "cpu io memory pids\n");
  files(dir / "unit/slipway-k", {"cgroup.subtree_control"});
  const fs::path run = dir / "unit/slipway-k/run-7";
  files(run, {"memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max", "cgroup.procs"});
  const auto limits = Limits::detect("k", dir.path(), dir / "self");
  CHECK(limits.description() == "cgroup v2 (memory, cpu, pids)");
  CHECK(test::read_file(dir / "unit/cgroup.subtree_control") == "+memory +cpu +pids");

  const auto group = limits.make(RunId(7), some());
  REQUIRE(group);
  CHECK(test::read_file(run / "memory.max") == "536870912");
  CHECK(test::read_file(run / "memory.swap.max") == "0");
  CHECK(test::read_file(run / "cpu.max") == "150000 100000");
  CHECK(test::read_file(run / "cpu.weight") == "20");
  CHECK(test::read_file(run / "pids.max") == "16384");
  test::write_file(run / "memory.events", "low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n");
  CHECK(group->ran_out_of_memory());
}

TEST_CASE("version 2 without the CPU controller, as users' sessions have it, still limits memory") {
  test::TmpDir dir;
  test::write_file(dir / "self", "0::/user\n");
  files(dir / "user", {"cgroup.subtree_control", "cgroup.procs"});
  test::write_file(dir / "user/cgroup.controllers", "memory pids\n");
  files(dir / "user/slipway-k", {"cgroup.subtree_control"});
  const fs::path run = dir / "user/slipway-k/run-7";
  files(run, {"memory.max", "pids.max", "cgroup.procs"});
  const auto limits = Limits::detect("k", dir.path(), dir / "self");
  CHECK(limits.description() == "cgroup v2 (memory, pids)");
  CHECK(test::read_file(dir / "user/slipway-k/cgroup.subtree_control") == "+memory +pids");
  REQUIRE(limits.make(RunId(7), some()));
  CHECK(test::read_file(run / "memory.max") == "536870912");
}

TEST_CASE("where no group can limit memory, rlimits do, and doctor is told") {
  test::TmpDir dir;
  test::write_file(dir / "self", "3:cpu,cpuacct:/unit\n0::/\n");
  files(dir / "cpu/unit", {});
  const auto limits = Limits::detect("k", dir.path(), dir / "self");
  CHECK(limits.description() == "cgroup v1 (cpu) and rlimits: no group can limit memory, so only the data of each process is limited");
  CHECK(limits.rlimit(some()) == 536870912);
  CHECK(fs::exists(dir / "cpu/unit/slipway-k"));
  limits.remove();
  CHECK_FALSE(fs::exists(dir / "cpu/unit/slipway-k"));
}

TEST_CASE("without a control group the address space is limited, and doctor is told") {
  test::TmpDir dir;
  test::write_file(dir / "self", "0::/\n");
  const auto limits = Limits::detect("k", dir.path(), dir / "self");
  CHECK(limits.description() == "rlimits: no control group can be written, so only the data of each process is limited");
  CHECK_FALSE(limits.make(RunId(7), some()));
  CHECK(limits.rlimit(some()) == 536870912);
  CHECK_FALSE(limits.rlimit(Resources()));
  auto less = some();
  less.memory_limit = 64ull << 20;
  CHECK(limits.rlimit(less) == 192ull << 20);
}

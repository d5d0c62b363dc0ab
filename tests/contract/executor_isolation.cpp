// What of a run reaches the machine and other runs, and what stays when it has ended: asked with a real buildah and a real registry.
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>

#include "base/failure.hpp"
#include "executor_world.hpp"

using namespace slipway;
using namespace slipway::build;
using test::as;
using test::busybox;
using test::Fixture;
using test::registry_server;
namespace fs = std::filesystem;

namespace {

/// A small file system of its own, where one can be mounted.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes) {
    mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  fs::path path() const { return folder_.path(); }
  bool mounted() const { return mounted_; }
  void leave(std::size_t bytes) const { test::write_file(path() / "filler", std::string(fs::space(path()).available - bytes, 'x')); }
  void leave_all() const { fs::remove(path() / "filler"); }

 private:
  test::TmpDir folder_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a run that takes too long is ended with everything it started") {
  Fixture f;
  auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "slow");
  order.timeout = std::chrono::seconds(3);
  const auto late = as<TimedOut>(f.run(order));
  CHECK(late.stage == Stage::build);
  CHECK(late.reason == "the build was ended: the run's limit is 3 s");
  f.check_nothing_left();
}

TEST_CASE("cancelling ends the whole process tree first") {
  Fixture f;
  auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "cancelled");
  SECTION("in the check") {
    order.check = f.check({"sh", "-c", "sleep 1000 & echo started; sleep 1000"});
    as<Cancelled>(f.run_and_cancel_at(order, " out started\n"));
    CHECK(f.stages.back().stage == Stage::check);
  }
  SECTION("while the check image is fetched") {
    order.check = f.check({"true"});
    as<Cancelled>(f.run_and_cancel_at(order, " check note begins\n"));
  }
  SECTION("in the build") {
    as<Cancelled>(f.run_and_cancel_at(order, " out started\n"));
    CHECK(f.stages.back().stage == Stage::build);
  }
  SECTION("before the builder") { as<Cancelled>(f.run_and_cancel_at(order, " build note begins\n")); }
  CHECK(f.stages.back().outcome == "cancelled");
  f.check_nothing_left();

  // The slot is as good as new.
  CHECK_NOTHROW(as<Built>(f.run(f.order("RUN true\n", "cancelled"))));
}

TEST_CASE("what a killed daemon leaves behind is reclaimed") {
  Fixture f;
  const auto order = f.order("RUN sleep 1000 & echo started; sleep 1000\n", "killed");
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    // A process of its own, with nothing shared but the state directory.
    Fixture child(f.state);
    test::write_file(child.source() / "Dockerfile", test::read_file(f.source() / "Dockerfile"));
    auto mine = order;
    mine.source = child.source();
    child.run(mine);
    ::_exit(1);
  }
  asio::steady_timer timer(f.loop);
  while (f.log_text().find(" out started\n") == std::string::npos) {
    timer.expires_after(std::chrono::milliseconds(20));
    timer.wait();
  }
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);

  const std::vector<RunId> runs{RunId(7)};
  test::run_coroutine(f.loop, f.executor->reclaim(runs));
  f.check_nothing_left();
  CHECK_NOTHROW(as<Built>(f.run(f.order("RUN true\n", "killed"))));
}

TEST_CASE("memory is limited, and the limit is named") {
  Fixture f;
  auto order = f.order("RUN head -c 300000000 /dev/zero | tail > /dev/null\n", "hungry");
  order.resources.memory_limit = 64ull << 20;
  const auto failed = as<Failed>(f.run(order));
  CHECK(failed.reason == "the build was ended by its memory limit of 64 MiB");
  f.check_nothing_left();
}

TEST_CASE("a build sees the secrets that its pipeline names, and no others; none is in its log") {
  Fixture f;
  test::write_file(f.own / "npm-token", "npm-s3cret\n");
  auto order = f.order(
      "RUN --mount=type=secret,id=npm,target=/run/secrets/npm cat /run/secrets/npm; ls /run/secrets; env\n"
      "RUN ls /run/secrets 2>/dev/null | wc -l; find / -name config.json -o -name auth.json 2>/dev/null | grep -v ^/proc | wc -l\n",
      "secrets");
  SecretMount npm;
  npm.id = "npm";
  npm.file = (f.own / "npm-token").string();
  order.build.secrets = {npm};
  order.check = f.check({"sh", "-c", "cat /run/secrets/npm; base64 /run/secrets/npm; env"});
  as<Built>(f.run(order));
  const std::string log = f.log_text();
  CHECK(log.find("npm-s3cret") == std::string::npos);
  CHECK(log.find("bnBtLXMzY3JldA") == std::string::npos);
  CHECK(log.find("check out ***\n") != std::string::npos);
  CHECK(log.find("build out ***\n") != std::string::npos);
  CHECK(log.find(registry_server().password()) == std::string::npos);
  CHECK(log.find("AUTH") == std::string::npos);
  CHECK(f.stream("out").find("\n0\n0\n") != std::string::npos);
}

TEST_CASE("root in a build can neither make devices nor leave its root") {
  Fixture f;
  const auto order = f.order("RUN mknod /x b 254 0 2>&1; chroot / true 2>&1; grep CapEff /proc/self/status; ls /proc | grep -c '^[0-9]'\n",
                             "caged");
  as<Built>(f.run(order));
  const std::string out = f.stream("out");
  CHECK(out.find("chroot: can't change root directory to '/': Operation not permitted") != std::string::npos);
  const auto caps = out.find("CapEff:\t");
  REQUIRE(caps != std::string::npos);
  const auto bits = std::stoull(out.substr(caps + 8, 16), nullptr, 16);
  CHECK((bits >> 27 & 1) == 0);  // CAP_MKNOD
  CHECK((bits >> 18 & 1) == 0);  // CAP_SYS_CHROOT
  CHECK((bits >> 21 & 1) == 0);  // CAP_SYS_ADMIN
}

TEST_CASE("a Dockerfile's mounts lead to no file of the machine, and what it writes beside its image does not stay") {
  // What Debian's buildah follows: a link of the repository, one of another stage, the id of a cache.
  Fixture f;
  fs::create_directory(f.own / "machine");
  test::write_file(f.own / "machine/secret", "of the machine\n");
  const std::string file = (f.own / "machine").string();
  fs::create_directory_symlink("/", f.source() / "root");
  const auto looked = [&](const std::string& steps, const std::string& name) {
    as<Built>(f.run(f.order(steps, name)));
    const std::string out = f.stream("out");
    f.logs->remove(RunId(7));
    return out;
  };
  const std::string own = (fs::canonical(f.state) / "work" / "run-7").string();
  const std::string look = "echo seen: $(ls /m | wc -l); echo folders: $(ls /m" + own + "); echo x > /m" + own + "/docker/config.json && echo chan''ged; cat /m" + file + "/secret || true; touch /m" + file + "/written || true; ls /m/dev\n";
  const std::string linked = looked("RUN --mount=type=bind,source=root,target=/m " + look, "linked");
  const std::string staged = looked("RUN ln -s / /all\nFROM " + busybox() + "\nRUN --mount=type=bind,from=0,source=/all,target=/m,rw " + look, "staged");
  const std::string cached = looked("RUN --mount=type=cache,id=../../../../../../../../../../..,target=/m " + look, "cached");
  for (const auto& out : {linked, staged, cached}) {
    INFO(out);
    CHECK(out.find("seen: ") != std::string::npos);
    CHECK(out.find("of the machine") == std::string::npos);
    CHECK(out.find("vda") == std::string::npos);
    CHECK(out.find("folders: check docker home out registries.conf tmp\n") != std::string::npos);
    CHECK(out.find("changed") == std::string::npos);
  }
  CHECK_FALSE(fs::exists(f.own / "machine/written"));
  looked("RUN touch /dev/shm/left-" + state_key(f.state) + "; ls /dev\n", "shared");
  CHECK_FALSE(fs::exists("/dev/shm/left-" + state_key(f.state)));
  f.check_nothing_left();
}

TEST_CASE("a check runs by buildah whoever builds, and leaves nothing") {
  Fixture f;
  auto order = f.order("RUN true\n", "kaniko");
  test::write_file(f.own / "executor", "#!/bin/sh\necho kaniko was asked\nexit 3\n");
  fs::permissions(f.own / "executor", fs::perms::owner_all);
  f.settings_of_builder.kind = BuilderKind::kaniko;
  f.settings_of_builder.program = (f.own / "executor").string();
  f.settings_of_builder.check_mounts = {"/etc/ssl/certs:/etc/ssl/certs:ro"};
  f.start();
  order.check = f.check({"sh", "-c", "echo checked; ls /etc/ssl/certs | head -1"});
  CHECK(as<Failed>(f.run(order)).reason == "the build exited with 3: kaniko was asked");
  CHECK(f.stages[1].outcome == "succeeded");
  CHECK(f.stream("out").find("checked\n") != std::string::npos);
  f.check_nothing_left();

  f.settings_of_builder.program = "/nowhere/executor";
  f.start();
  CHECK_THROWS_WITH(test::run_coroutine(f.loop, f.executor->facts()), Catch::Contains("there is no /nowhere/executor on this machine"));
}

TEST_CASE("a full disk is an accident, and no failure of what is built") {
  const SmallDisk disk(48 << 20);
  if (!disk.mounted()) {
    WARN("nothing can be mounted here");
    return;
  }
  Fixture f(disk.path() / "state");
  as<Built>(f.run(f.order("RUN true\n", "first")));
  SECTION("buildah finds no room for what is copied") {
    test::write_file(f.source() / "big", std::string(8 << 20, 'x'));
    disk.leave(4 << 20);
    CHECK_THROWS_AS(f.run(f.order("COPY big /\n")), NoRoom);
    CHECK(f.stages.back().outcome == "interrupted");
    CHECK_THAT(f.stages.back().detail, Catch::Contains("there is no room on the disk of " + f.state.string()) && Catch::EndsWith("no space left on device"));
    disk.leave_all();
    as<Built>(f.run(f.order("COPY big /\n")));
  }
  SECTION("a command in the build does") {
    disk.leave(4 << 20);
    CHECK_THROWS_AS(f.run(f.order("RUN dd if=/dev/zero of=/x bs=64k count=160\n")), NoRoom);
  }
  SECTION("a check does") {
    disk.leave(4 << 20);
    auto order = f.order("RUN true\n");
    order.check = f.check({"dd", "if=/dev/zero", "of=x", "bs=64k", "count=160"});
    CHECK_THROWS_AS(f.run(order), NoRoom);
  }
  SECTION("what only says so has failed by itself") {
    const auto failed = as<Failed>(f.run(f.order("RUN echo no space left on device && false\n")));
    CHECK_THAT(failed.reason, Catch::Contains("exited with 1"));
  }
  f.check_nothing_left();
}

TEST_CASE("the executor tells how limits are enforced here") {
  Fixture f;
  const auto facts = test::run_coroutine(f.loop, f.executor->facts());
  REQUIRE(facts.size() == 4);
  CHECK(facts[0].find("limits by ") == 0);
  WARN(facts[0] << "; " << facts[1] << "; " << facts[2] << "; " << facts[3]);
}

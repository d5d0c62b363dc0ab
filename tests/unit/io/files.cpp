#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "base/failure.hpp"
#include "io/file_lock.hpp"
#include "io/secret_file.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("a secret file is read without its last newline, and errors name the file but not its content") {
  const test::TmpDir dir;
  test::write_file(dir / "s", "key with spaces \r\n");
  CHECK(*io::read_secret_file(dir / "s") == "key with spaces ");
  test::write_file(dir / "empty", "\n");
  test::write_file(dir / "huge", std::string(100000, 'k'));
  for (const auto& [name, why] : {std::pair("empty", "is empty"), {"huge", "is larger than 64 KiB"}, {"missing", "No such file"}}) {
    const auto result = io::read_secret_file(dir / name);
    REQUIRE_FALSE(result);
    CHECK_THAT(result.error().what(), Catch::Contains(why) && Catch::Contains(name) && !Catch::Contains("kkk"));
  }
  CHECK_THAT(io::read_secret_file(dir.path()).error().what(), Catch::Contains("no plain file"));
}

TEST_CASE("a secret follows its file: rewritten, replaced, or its folder turned over") {
  const test::TmpDir dir;
  test::write_file(dir / "s", "one");
  auto secret = io::SecretFile::open(dir / "s");
  REQUIRE(secret);
  CHECK_FALSE(secret->refresh());
  test::write_file(dir / "s", "two!");
  CHECK(secret->refresh());
  CHECK(secret->value() == "two!");
  test::write_file(dir / "new", "tri!");
  fs::rename(dir / "new", dir / "s");
  CHECK(secret->refresh());
  CHECK(secret->value() == "tri!");

  fs::create_directory(dir / "..a");
  fs::create_directory(dir / "..b");
  test::write_file(dir / "..a" / "key", "aaa");
  test::write_file(dir / "..b" / "key", "bbb");
  fs::create_directory_symlink("..a", dir / "..data");
  fs::create_symlink("..data/key", dir / "key");
  auto mounted = io::SecretFile::open(dir / "key");
  REQUIRE(mounted);
  fs::create_directory_symlink("..b", dir / "..tmp");
  fs::rename(dir / "..tmp", dir / "..data");
  CHECK(mounted->refresh());
  CHECK(mounted->value() == "bbb");
}

TEST_CASE("a secret that is rewritten at once, with as many bytes, is seen") {
  const test::TmpDir dir;
  test::write_file(dir / "s", "one");
  auto secret = io::SecretFile::open(dir / "s");
  for (const char* value : {"two", "six", "ten"}) {
    test::write_file(dir / "s", value);
    CHECK(secret->refresh());
    CHECK(secret->value() == value);
  }
}

TEST_CASE("a secret keeps its value while its file is gone or empty, and says so") {
  const test::TmpDir dir;
  test::write_file(dir / "s", "one");
  auto secret = io::SecretFile::open(dir / "s");
  CHECK(secret->trouble().empty());
  test::write_file(dir / "s", "");
  CHECK_FALSE(secret->refresh());
  CHECK_THAT(secret->trouble(), Catch::Contains("is empty"));
  fs::remove(dir / "s");
  CHECK_FALSE(secret->refresh());
  CHECK_THAT(secret->trouble(), Catch::Contains("No such file"));
  CHECK(secret->value() == "one");
  test::write_file(dir / "s", "two");
  CHECK(secret->refresh());
  CHECK(secret->trouble().empty());
  CHECK_FALSE(io::SecretFile::open(dir / "never"));
}

TEST_CASE("one holder of a state directory, and the second learns who") {
  const test::TmpDir dir;
  {
    const io::FileLock lock(dir / "state");
    CHECK((fs::status(dir / "state").permissions() & fs::perms::others_all) == fs::perms::none);
    CHECK_THROWS_WITH(io::FileLock(dir / "state", 0ms), Catch::Contains("in use by process " + std::to_string(::getpid())));
  }
  CHECK_NOTHROW(io::FileLock(dir / "state"));
  CHECK_THROWS_AS(io::FileLock("/proc/no/such"), UsageError);
}

TEST_CASE("a lock goes with its process, whatever ended it") {
  const test::TmpDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    auto* lock = new io::FileLock(dir / "state");
    static_cast<void>(lock);
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(io::FileLock(dir / "state", 0ms));
}

TEST_CASE("a lock that a killed process's child has for a moment is waited for") {
  const test::TmpDir dir;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto* lock = new io::FileLock(dir / "state");
    static_cast<void>(lock);
    ::close(ends[1]);
    char byte = 0;
    // As between fork and exec: it has every descriptor of its parent.
    if (::fork() == 0) ::_exit(static_cast<int>(::read(ends[0], &byte, 1)));
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  CHECK_THROWS_AS(io::FileLock(dir / "state", 0ms), Unavailable);
  std::thread later([end = ends[1]] {
    ::usleep(50'000);
    ::close(end);
  });
  CHECK_NOTHROW(io::FileLock(dir / "state", 30s));
  later.join();
  ::close(ends[0]);
}

#include "build/local/view.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/tmp_dir.hpp"

using namespace slipway;
using build::View;
namespace fs = std::filesystem;

namespace {

bool has(const View& view, const std::string& line) {
  const auto& table = view.table();
  return std::find(table.begin(), table.end(), line) != table.end();
}

/// The places of the table below /etc or /dev.
std::vector<std::string> places(const View& view, const std::string& below) {
  std::vector<std::string> found;
  for (const auto& line : view.table()) {
    const auto at = line.find("/root" + below);
    if (at != std::string::npos) found.push_back(line.substr(at + 5, line.find(' ', at) - at - 5));
  }
  return found;
}

}  // namespace

TEST_CASE("a view has programs to be read, some names of /etc, and no disk") {
  test::TmpDir dir;
  const View view(dir / "view");
  const std::string root = (dir / "view/root").string();
  CHECK(view.table().front() == root + " " + root + " none bind 0 0");
  CHECK(has(view, "/usr " + root + "/usr none rbind,ro 0 0"));
  CHECK(has(view, "/etc/ssl/certs " + root + "/etc/ssl/certs none bind,ro 0 0"));
  CHECK(has(view, "proc " + root + "/proc proc nosuid,nodev,noexec 0 0"));
  for (const auto& place : places(view, "/etc")) {
    CHECK(place.size() > 5);
    CHECK(place.find("shadow") == std::string::npos);
    CHECK(place.find("private") == std::string::npos);
  }
  for (const auto& place : places(view, "/dev")) {
    struct stat status {};
    CHECK((::stat(place.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)));
  }
}

TEST_CASE("the small files that name things are copies of this machine's, and no others of /etc are there") {
  test::TmpDir dir;
  const View view(dir / "view");
  view.lay_out();
  const fs::path etc = dir / "view/root/etc";
  CHECK(test::read_file(etc / "passwd") == test::read_file("/etc/passwd"));
  CHECK(test::read_file(etc / "nsswitch.conf") == test::read_file("/etc/nsswitch.conf"));
  for (const char* secret : {"shadow", "gshadow", "ssl/private"}) CHECK_FALSE(fs::exists(etc / secret));
}

TEST_CASE("what is shown is at its own path, without the links that lead to it") {
  test::TmpDir dir;
  test::write_file(dir / "a secret", "x");
  fs::create_symlink(dir / "a secret", dir / "link");
  View view(dir / "view");
  view.show(dir / "link");
  view.show(dir / "missing");
  view.show_writable(dir.path(), "/var/lib/containers");
  const std::string root = (dir / "view/root").string(), secret = (dir / "a").string() + "\\040secret";
  CHECK(has(view, secret + " " + root + (dir / "link").string() + " none bind,ro 0 0"));
  CHECK(has(view, dir.path().string() + " " + root + "/var/lib/containers none bind 0 0"));
  for (const auto& line : view.table()) CHECK(line.find("missing") == std::string::npos);
  view.lay_out();
  CHECK(fs::is_regular_file(root + (dir / "link").string()));
  CHECK((fs::status(root + "/tmp").permissions() & fs::perms::others_write) != fs::perms::none);
  CHECK(view.command({"buildah", "info"}, "/w").back() == "info");
}

TEST_CASE("a view is laid out on what the last one left, as if nobody had been there") {
  test::TmpDir dir;
  for (const char* run : {"run-1", "run-2"}) fs::create_directories(dir / run);
  View first(dir / "view");
  first.show_writable(dir / "run-1");
  first.lay_out();
  const fs::path root = dir / "view/root";
  const fs::path points = root / dir.path().relative_path();
  CHECK(fs::is_directory(points / "run-1"));
  struct stat before {};
  REQUIRE(::stat((root / "etc/passwd").c_str(), &before) == 0);
  test::write_file(root / "etc/group", "somebody::0:\n");
  test::write_file(root / "tmp/left", "x");

  View second(dir / "view");
  second.show_writable(dir / "run-2");
  second.lay_out();
  CHECK(fs::is_directory(points / "run-2"));
  CHECK_FALSE(fs::exists(points / "run-1"));
  CHECK_FALSE(fs::exists(root / "tmp/left"));
  CHECK(test::read_file(root / "etc/group") == test::read_file("/etc/group"));
  struct stat after {};
  REQUIRE(::stat((root / "etc/passwd").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("what cannot be mended is put out of the way") {
  test::TmpDir dir;
  fs::create_directories(dir / "view");
  test::write_file(dir / "view/root", "no folder");
  test::write_file(dir / "view/refuse-0", "an earlier one");
  const View view(dir / "view");
  view.lay_out();
  CHECK(fs::is_directory(dir / "view/root/usr"));
  CHECK(test::read_file(dir / "view/refuse-1") == "no folder");
}

TEST_CASE("nothing is laid out in a folder that is shown") {
  test::TmpDir dir;
  fs::create_directories(dir / "run/docker");
  test::write_file(dir / "run/docker/config.json", "{}");
  View view(dir / "view");
  view.show_writable(dir / "run");
  view.show(dir / "run/docker/config.json");
  view.lay_out();
  const fs::path point = dir / "view/root" / (dir / "run").relative_path();
  CHECK(fs::is_directory(point));
  CHECK(fs::is_empty(point));
  CHECK(has(view, (dir / "run/docker/config.json").string() + " " + (point / "docker/config.json").string() + " none bind,ro 0 0"));
}

TEST_CASE("a program is in view where the system's are") {
  test::TmpDir dir;
  test::write_file(dir / "buildah", "");
  CHECK(build::is_in_view("/usr/bin/env"));
  CHECK(build::is_in_view("/bin/sh"));
  CHECK_FALSE(build::is_in_view(dir / "buildah"));
  CHECK_FALSE(build::is_in_view("/usr/bin/there is none"));
}

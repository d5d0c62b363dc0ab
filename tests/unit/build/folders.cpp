#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "build/local/job.hpp"
#include "build/local/slots.hpp"
#include "build/local/workspace.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace slipway::build;
namespace fs = std::filesystem;

TEST_CASE("a slot has one owner, and a template gets the slot back that has its layers") {
  test::TmpDir dir;
  Slots slots(dir.path());
  const TemplateName frontend("frontend"), backend("backend");
  {
    const Slot first = slots.take(frontend);
    const Slot second = slots.take(backend);
    CHECK(first.number() == 0);
    CHECK(second.number() == 1);
    CHECK(first.root() != second.root());
  }
  CHECK(slots.take(backend).number() == 1);
  CHECK(slots.take(TemplateName("new")).number() == 0);
  const Slot busy = slots.take(backend);
  CHECK(slots.take(backend).number() == 0);
  CHECK(slots.all().size() == 2);
}

TEST_CASE("a slot that its template had is taken again, and no other") {
  test::TmpDir dir;
  Slots slots(dir.path());
  const TemplateName frontend("frontend"), backend("backend");
  CHECK_FALSE(slots.take_again(frontend));
  {
    const Slot first = slots.take(frontend);
    CHECK_FALSE(slots.take_again(frontend));
    const Slot second = slots.take(backend);
  }
  const auto again = slots.take_again(backend);
  REQUIRE(again);
  CHECK(again->number() == 1);
  CHECK_FALSE(slots.take_again(backend));
  CHECK(slots.all().size() == 2);
}

TEST_CASE("caches are a template's own, whatever its name") {
  test::TmpDir dir;
  Slots slots(dir.path());
  const Slot slot = slots.take(TemplateName(".."));
  const auto cache = slot.cache("../../etc");
  CHECK(fs::is_directory(cache));
  CHECK(cache.lexically_relative(dir / "slot-0").generic_string() == "caches/_../_..%2F..%2Fetc");
}

TEST_CASE("a workspace is its run's alone, and goes") {
  test::TmpDir dir;
  fs::path path;
  {
    Workspace workspace(dir.path(), RunId(7));
    workspace.make();
    path = workspace.path();
    CHECK(path.filename() == "run-7");
    CHECK(fs::status(path).permissions() == fs::perms::owner_all);
    write_private(workspace.docker_config(), "secret");
    struct stat status {};
    REQUIRE(::stat(workspace.docker_config().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a path of the repository stays in it, links followed") {
  test::TmpDir dir, outside;
  fs::create_directories(dir / "services/grading");
  test::write_file(dir / "Dockerfile", "");
  fs::create_symlink("services", dir / "inner");
  fs::create_symlink(outside.path(), dir / "outer");
  CHECK(*inside(dir.path(), ".") == fs::canonical(dir.path()));
  CHECK(*inside(dir.path(), "./services/grading") == fs::canonical(dir / "services/grading"));
  CHECK(*inside(dir.path(), "inner/grading") == fs::canonical(dir / "services/grading"));
  CHECK(*inside(dir.path(), "/Dockerfile") == fs::canonical(dir / "Dockerfile"));
  CHECK(inside(dir.path(), "missing").error().what() == "`missing` is not in the repository");
  CHECK(inside(dir.path(), "outer").error().what() == "`outer` leads out of the repository");
  CHECK(inside(dir.path(), "..").error().what() == "`..` leads out of the repository");
  CHECK(inside(dir.path(), "../" + dir.path().filename().string() + "x").error().what().find("is not in the repository") !=
        std::string::npos);
}

TEST_CASE("a copied tree shares nothing with the first") {
  test::TmpDir dir;
  fs::create_directories(dir / "a/b");
  test::write_file(dir / "a/b/file", "one");
  fs::permissions(dir / "a/b/file", fs::perms::owner_all);
  fs::create_symlink("b/file", dir / "a/link");
  const auto before = ::umask(077);
  copy_tree(dir / "a", dir / "copy");
  ::umask(before);
  test::write_file(dir / "copy/b/file", "two");
  CHECK(test::read_file(dir / "a/b/file") == "one");
  CHECK(fs::hard_link_count(dir / "a/b/file") == 1);
  CHECK(fs::status(dir / "copy/b/file").permissions() == fs::perms::owner_all);
  CHECK(fs::status(dir / "copy").permissions() == fs::status(dir / "a").permissions());
  CHECK(fs::status(dir / "copy/b").permissions() == fs::status(dir / "a/b").permissions());
  CHECK(fs::read_symlink(dir / "copy/link") == "b/file");
}

TEST_CASE("a builder's words say whether another try may help") {
  CHECK(is_network_trouble("Error: pinging container registry zot: Get \"https://zot/v2/\": dial tcp 10.0.0.1:443: connect: connection refused"));
  CHECK(is_want_of_room("error writing file \"/app.txt\": write /app.txt: no space left on device"));
  CHECK(is_want_of_room("cp: write error: Disk quota exceeded"));
  CHECK_FALSE(is_want_of_room("there is space left on the device"));
  CHECK(is_network_trouble("dial tcp: lookup zot on 10.0.0.1:53: no such host"));
  CHECK_FALSE(is_network_trouble("Error: reading manifest 1 in zot/base: manifest unknown"));
  CHECK_FALSE(is_network_trouble("unauthorized: authentication required"));
}

TEST_CASE("limits are told as people say them") {
  CHECK(limit_text(std::chrono::minutes(30)) == "30 min");
  CHECK(limit_text(std::chrono::seconds(90)) == "90 s");
  CHECK(limit_text(std::chrono::seconds(1)) == "1 s");
}

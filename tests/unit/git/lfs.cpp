#include "git/lfs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "parts.hpp"

using namespace slipway;
namespace fs = std::filesystem;

namespace {

const std::string oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
const std::string first_line = "version https://git-lfs.github.com/spec/v1\n";

bool holds(const std::vector<std::string>& words, const std::string& part) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return word.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("a pointer is what Git LFS writes, and nothing else is") {
  CHECK(git::lfs_pointer("a", first_line + "oid sha256:" + oid + "\nsize 12\n") == git::LfsPointer("a", oid, 12));
  CHECK(git::lfs_pointer("a", first_line + "ext-0-x sha256:" + oid + "\noid sha256:" + oid + "\nsize 0\n") == git::LfsPointer("a", oid, 0));
  for (const std::string& other : {std::string(), std::string("text\n"), "oid sha256:" + oid + "\nsize 12\n", first_line, first_line + "size 12\n", first_line + "oid sha256:" + oid + "\n",
                                   first_line + "oid sha256:" + oid + "\nsize -1\n", first_line + "oid sha256:" + oid + "\nsize 12x\n", first_line + "oid sha256:../../../etc\nsize 12\n",
                                   first_line + "oid sha256:" + oid + "\nsize 12\n" + std::string(1024, ' ')}) {
    CAPTURE(other);
    CHECK_FALSE(git::lfs_pointer("a", other));
  }
}

TEST_CASE("git-lfs is told one server, one commit, one folder; the login is for that server and in no argument") {
  git::Access access;
  access.credentials = [] { return git::Credentials("ci", "s3cret"); };
  const CommitSha commit(std::string(40, 'a'));
  const auto command = git::lfs_fetch("/mirrors/a.git", "http://git.test:3000/Org/a.git", access, commit, "./services/grading/");
  CHECK(command.argv == std::vector<std::string>{"git", "-c", "credential.helper=", "-c", "lfs.url=http://git.test:3000/Org/a.git/info/lfs", "lfs", "fetch", "--include=services/grading/",
                                                 "--exclude=", "http://git.test:3000/Org/a.git", commit.value()});
  CHECK(command.directory == "/mirrors/a.git");
  CHECK(holds(command.environment, "GIT_CONFIG_KEY_0=http.http://git.test:3000/.extraHeader"));
  CHECK(holds(command.environment, "GIT_CONFIG_VALUE_0=Authorization: Basic "));
  CHECK(holds(command.environment, "GIT_TERMINAL_PROMPT=0"));
  for (const char* everything : {".", "./", "a,b", "a*"}) {
    CAPTURE(everything);
    CHECK(holds(git::lfs_fetch("/m", "http://h/o/a.git", access, commit, everything).argv, "--include="));
    CHECK_FALSE(holds(git::lfs_fetch("/m", "http://h/o/a.git", access, commit, everything).argv, "--include=" + std::string(everything)));
  }
  CHECK_FALSE(holds(git::lfs_fetch("/m", "http://h/o/a.git", git::Access(), commit, ".").environment, "GIT_CONFIG_COUNT"));
}

TEST_CASE("objects are written over their pointers, with the pointers' permissions, as copies") {
  const test::TmpDir dir;
  const fs::path mirror = dir / "m.git", folder = dir / "out";
  const fs::path object = mirror / "lfs/objects/4d/7a" / oid;
  fs::create_directories(object.parent_path());
  fs::create_directories(folder / "bin");
  test::write_file(object, "large");
  test::write_file(folder / "bin/tool", "pointer");
  fs::permissions(folder / "bin/tool", fs::perms(0755));
  REQUIRE(git::fill_lfs_pointers(mirror, folder, {git::LfsPointer("bin/tool", oid, 5)}));
  CHECK(test::read_file(folder / "bin/tool") == "large");
  CHECK(fs::status(folder / "bin/tool").permissions() == fs::perms(0755));
  CHECK(fs::hard_link_count(object) == 1);

  for (const auto& missing : {git::LfsPointer("bin/tool", oid, 6), git::LfsPointer("bin/tool", std::string(64, '0'), 5)}) {
    CHECK_THAT(git::fill_lfs_pointers(mirror, folder, {missing}).error().what(), Catch::Contains("bin/tool: its Git LFS server does not have " + missing.oid));
  }
}

TEST_CASE("git-lfs' words say whether another try may help") {
  CHECK(git::is_lfs_network_trouble("batch request: Post \"http://h\": dial tcp 127.0.0.1:1: connect: connection refused"));
  CHECK(git::is_lfs_network_trouble("Fatal error: Server error: http://h/objects/batch"));
  CHECK_FALSE(git::is_lfs_network_trouble("[404] Object does not exist on the server"));
  CHECK_FALSE(git::is_lfs_network_trouble("batch response: Authentication required"));
}

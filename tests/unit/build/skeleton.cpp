#include "build/local/skeleton.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/tmp_dir.hpp"

using namespace slipway;
using build::Skeleton;
namespace fs = std::filesystem;

namespace {

/// One node of each kind: a/empty, a/copy of `source`, a/link, wide (for everybody).
struct Tree {
  Tree() {
    test::write_file(dir / "source", "one");
    skeleton.file("a/empty");
    skeleton.copy("a/copy", dir / "source");
    skeleton.link("a/link", "to/there");
    skeleton.folder("wide", static_cast<fs::perms>(01777));
    bring_up_to_date();
  }
  void bring_up_to_date() { skeleton.bring_up_to_date(root); }
  void check() {
    CHECK(fs::is_regular_file(fs::symlink_status(root / "a/empty")));
    CHECK(test::read_file(root / "a/copy") == test::read_file(dir / "source"));
    CHECK(fs::read_symlink(root / "a/link") == "to/there");
    CHECK(fs::status(root / "wide").permissions() == static_cast<fs::perms>(01777));
    std::size_t all = 0;
    for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(root)) ++all;
    CHECK(all == 5);
  }
  ino_t inode(const char* path) {
    struct stat status {};
    ::lstat((root / path).c_str(), &status);
    return status.st_ino;
  }

  test::TmpDir dir;
  fs::path root = dir / "root";
  Skeleton skeleton;
};

}  // namespace

TEST_CASE("a skeleton is made, and what is as it should be stays") {
  Tree tree;
  tree.check();
  const auto empty = tree.inode("a/empty"), copy = tree.inode("a/copy"), link = tree.inode("a/link"), wide = tree.inode("wide");
  tree.bring_up_to_date();
  tree.check();
  CHECK(tree.inode("a/empty") == empty);
  CHECK(tree.inode("a/copy") == copy);
  CHECK(tree.inode("a/link") == link);
  CHECK(tree.inode("wide") == wide);
}

TEST_CASE("whatever somebody did to a skeleton is undone") {
  using Change = void (*)(Tree&);
  const std::pair<const char*, Change> changes[] = {
      {"a copy was written in", [](Tree& tree) { test::write_file(tree.root / "a/copy", "two"); }},
      {"its source has changed", [](Tree& tree) { test::write_file(tree.dir / "source", "three"); }},
      {"a file was removed", [](Tree& tree) { fs::remove(tree.root / "a/empty"); }},
      {"a folder was removed", [](Tree& tree) { fs::remove_all(tree.root / "a"); }},
      {"a folder became a file", [](Tree& tree) { fs::remove(tree.root / "wide"); test::write_file(tree.root / "wide", ""); }},
      {"a folder leads elsewhere", [](Tree& tree) { fs::remove_all(tree.root / "a"); fs::create_symlink(tree.dir.path(), tree.root / "a"); }},
      {"a copy leads to its source", [](Tree& tree) { fs::remove(tree.root / "a/copy"); fs::create_symlink(tree.dir / "source", tree.root / "a/copy"); }},
      {"a link leads elsewhere", [](Tree& tree) { fs::remove(tree.root / "a/link"); fs::create_symlink("/etc", tree.root / "a/link"); }},
      {"a link became a folder", [](Tree& tree) { fs::remove(tree.root / "a/link"); fs::create_directories(tree.root / "a/link/b"); }},
      {"a file too many", [](Tree& tree) { test::write_file(tree.root / "a/more", ""); }},
      {"a folder too many", [](Tree& tree) { fs::create_directories(tree.root / "b/c"); }},
      {"a folder is nobody's to write", [](Tree& tree) { fs::permissions(tree.root / "wide", fs::perms::none); }},
  };
  for (const auto& [what, change] : changes) {
    INFO(what);
    Tree tree;
    change(tree);
    tree.bring_up_to_date();
    tree.check();
    CHECK(fs::exists(tree.dir / "source"));
  }
}

#include "git/checkout.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <random>

#include "base/failure.hpp"
#include "git/bare.hpp"
#include "git/failure.hpp"
#include "parts.hpp"

using namespace slipway;
namespace fs = std::filesystem;

namespace {

struct Checkouts {
  Checkouts() : repository(dir / "r.git") {
    fs::create_directories(dir / "r.git");
    repository.git({"init", "-q", "--bare", "-b", "main"});
  }
  fs::path fresh() {
    const auto folder = dir / ("out" + std::to_string(number_++));
    fs::create_directory(folder);
    return folder;
  }
  auto checkout(const CommitSha& commit, const fs::path& folder, const git::CheckoutOptions& options = git::CheckoutOptions()) const {
    return git::checkout(repository.folder(), commit, folder, options);
  }
  /// An error, or libgit2 itself does not read the tree.
  bool refuses(const CommitSha& commit, const fs::path& folder) const {
    try {
      return !checkout(commit, folder);
    } catch (const git::Damaged&) {
      return true;
    }
  }
  /// A commit of a tree that git's commands would not make: `entries` as in the object itself.
  CommitSha raw(const std::string& entries) const {
    auto tree = repository.git({"hash-object", "-t", "tree", "-w", "--stdin", "--literally"}, entries);
    tree.pop_back();
    auto commit = repository.git({"commit-tree", "-m", "raw", tree});
    commit.pop_back();
    return CommitSha(commit);
  }
  /// An entry of a tree object: mode, name, NUL, and the 20 bytes of an id.
  std::string entry(const std::string& mode, const std::string& name, const std::string& bytes) const {
    auto id = repository.git({"hash-object", "-w", "--stdin"}, bytes);
    std::string binary;
    for (std::size_t i = 0; i < 40; i += 2) binary += static_cast<char>(std::stoi(id.substr(i, 2), nullptr, 16));
    return mode + " " + name + std::string(1, '\0') + binary;
  }

  test::TmpDir dir;
  test::GitRepository repository;
  int number_ = 0;
};

/// Every path below a folder with its kind, permissions and content.
std::map<std::string, std::string> listing(const fs::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().lexically_relative(folder).string();
    struct stat status {};
    ::lstat(entry.path().c_str(), &status);
    std::string text = std::to_string(status.st_mode) + " ";
    if (entry.is_symlink()) {
      text += fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      text += test::read_file(entry.path());
    }
    all[path] = text;
  }
  return all;
}

}  // namespace

TEST_CASE("a checkout is what git's own is: content, modes, links, folders") {
  Checkouts source;
  std::string random(300'000, '\0');
  std::minstd_rand generator(1);
  for (auto& c : random) c = static_cast<char>(generator());
  test::GitFiles files{{"README.md", "text\r\nwith\rall ends\n"}, {"bin/run", {"#!/bin/sh\n", "100755"}}, {"empty", ""}, {"deep/er/and/deeper/file", "x"},
                       {"link", {"deep/er", "120000"}},         {"dangling", {"no/where", "120000"}},       {"outside", {"../../../etc/passwd", "120000"}},
                       {"big.bin", random},                      {"\xEB\xAC\xB8\xEC\x84\x9C.md", "korean"},  {"caf\xE9", "latin"},
                       {" spaces and 'quotes'", "y"},            {".hidden/.x", "z"},                         {".gitignore", "*\n"},
                       {".gitattributes", "* text eol=crlf\n"}};
  const CommitSha commit = source.repository.commit(files);
  const auto ours = source.fresh(), theirs = source.fresh();
  ::umask(022);
  REQUIRE(source.checkout(commit, ours));
  source.repository.git({"-c", "core.autocrlf=false", "-c", "core.attributesFile=/dev/null", "--work-tree=" + theirs.string(), "checkout", "-f", commit.value(), "--", "."});
  auto expected = listing(theirs);
  // What .gitattributes would do to line ends is a work tree's affair: a build gets the committed bytes.
  for (const auto& [path, file] : files) {
    if (file.mode == "100644") expected[path] = "33188 " + *file.bytes;
    if (file.mode == "100755") expected[path] = "33261 " + *file.bytes;
  }
  CHECK(listing(ours) == expected);
}

TEST_CASE("modes are the commit's, whatever the daemon's umask: they become the image's") {
  Checkouts source;
  const CommitSha commit = source.repository.commit({{"folder/file", "x"}, {"bin/run", {"#!/bin/sh\n", "100755"}}});
  const auto folder = source.fresh(), strict = source.fresh();
  REQUIRE(source.checkout(commit, folder));
  const auto before = ::umask(077);
  const auto done = source.checkout(commit, strict);
  ::umask(before);
  REQUIRE(done);
  CHECK(listing(strict) == listing(folder));
  CHECK(fs::status(strict / "folder").permissions() == fs::perms(0755));
}

TEST_CASE("files are the checkout's own: two checkouts share nothing, and neither does the mirror") {
  Checkouts source;
  const CommitSha commit = source.repository.commit({{"a", "one"}});
  const auto first = source.fresh(), second = source.fresh();
  REQUIRE(source.checkout(commit, first));
  REQUIRE(source.checkout(commit, second));
  CHECK(fs::hard_link_count(first / "a") == 1);
  test::write_file(first / "a", "changed");
  CHECK(test::read_file(second / "a") == "one");
}

TEST_CASE("thousands of files in many folders, on several threads") {
  Checkouts source;
  test::GitFiles files;
  for (int i = 0; i < 3000; ++i) files.emplace("d" + std::to_string(i % 50) + "/e" + std::to_string(i % 7) + "/f" + std::to_string(i), std::to_string(i));
  const CommitSha commit = source.repository.commit(files);
  const auto folder = source.fresh();
  REQUIRE(source.checkout(commit, folder));
  std::size_t right = 0;
  for (const auto& [path, file] : files) right += test::read_file(folder / path) == *file.bytes;
  CHECK(right == files.size());
}

TEST_CASE("many folders take few descriptors") {
  Checkouts source;
  test::GitFiles files;
  for (int i = 0; i < 400; ++i) files.emplace("d" + std::to_string(i) + "/f", "x");
  const CommitSha commit = source.repository.commit(files);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{100, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const auto done = source.checkout(commit, source.fresh());
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(done);
}

TEST_CASE("a tree of a few objects that names a million files is refused before they are held") {
  Checkouts source;
  const auto tree = [&](const std::string& mode, const std::string& id) {
    std::string entries;
    for (int i = 1000; i < 2000; ++i) entries += mode + " f" + std::to_string(i) + std::string(1, '\0') + id;
    return entries;
  };
  const std::string blob = source.entry("100644", "f", "x").substr(9);
  const auto inner = source.repository.git({"hash-object", "-t", "tree", "-w", "--stdin"}, tree("100644", blob));
  std::string id;
  for (std::size_t i = 0; i < 40; i += 2) id += static_cast<char>(std::stoi(inner.substr(i, 2), nullptr, 16));
  const auto refused = source.checkout(source.raw(tree("40000", id)), source.fresh());
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().what(), Catch::Contains("too many files and folders"));
}

TEST_CASE("names that no honest tree holds are refused, and nothing is written outside") {
  Checkouts source;
  const auto file = [&](const std::string& name) { return source.entry("100644", name, "evil"); };
  for (const std::string name : {"..", ".", ".git", "../evil", "a/b", "/etc/evil", ""}) {
    CAPTURE(name);
    const CommitSha commit = source.raw(file(name));
    const auto folder = source.fresh();
    CHECK(source.refuses(commit, folder));
    CHECK_FALSE(fs::exists(source.dir / "evil"));
    CHECK(fs::is_empty(folder));
  }
}

TEST_CASE("a link and a folder of one name do not lead out of the checkout") {
  Checkouts source;
  const auto target = source.fresh();
  auto inner = source.repository.git({"hash-object", "-t", "tree", "-w", "--stdin", "--literally"}, source.entry("100644", "evil", "evil"));
  std::string id;
  for (std::size_t i = 0; i < 40; i += 2) id += static_cast<char>(std::stoi(inner.substr(i, 2), nullptr, 16));
  const CommitSha commit = source.raw(source.entry("120000", "x", target.string()) + "40000 x" + std::string(1, '\0') + id);
  CHECK(source.refuses(commit, source.fresh()));
  CHECK(fs::is_empty(target));
}

TEST_CASE("the folder that is written into is not a link to another") {
  Checkouts source;
  const CommitSha commit = source.repository.commit({{"a", "one"}});
  const auto elsewhere = source.fresh();
  fs::create_directory_symlink(elsewhere, source.dir / "link");
  CHECK(source.refuses(commit, source.dir / "link"));
  CHECK(fs::is_empty(elsewhere));
}

TEST_CASE("a file that is already there is not written over") {
  Checkouts source;
  const CommitSha commit = source.repository.commit({{"a", "one"}});
  const auto folder = source.fresh();
  test::write_file(folder / "a", "mine");
  CHECK_THAT(source.checkout(commit, folder).error().what(), Catch::Contains("making the file a: File exists"));
  CHECK(test::read_file(folder / "a") == "mine");
}

TEST_CASE("Git LFS pointers in the context are an error that names one, or are told where they are allowed") {
  Checkouts source;
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
  const CommitSha commit = source.repository.commit({{"app/model.bin", pointer}, {"app/main.py", "x"}, {"docs/text.md", "y"}, {"link", {"docs/../app", "120000"}}, {"out", {"..", "120000"}}});
  git::CheckoutOptions options;
  for (const auto& [context, error] : {std::pair<std::string, bool>{".", true}, {"app", true}, {"./app/", true}, {"docs", false}, {"ap", false},
                                       {"docs/../app", true}, {"app/../docs", false}, {"link", true}, {"out", false}}) {
    CAPTURE(context);
    options.context = context;
    const auto result = source.checkout(commit, source.fresh(), options);
    CHECK(!result == error);
    if (!result) CHECK_THAT(result.error().what(), Catch::Contains("app/model.bin is a Git LFS pointer"));
  }
  options.context = ".";
  options.lfs = true;
  const git::LfsPointer model("app/model.bin", "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393", 12345);
  CHECK(source.checkout(commit, source.fresh(), options)->pointers == std::vector{model});
  options.context = "link";
  CHECK(source.checkout(commit, source.fresh(), options)->pointers == std::vector{model});
  CHECK(source.checkout(commit, source.fresh(), options)->context == "app");
  options.context = "docs";
  CHECK(source.checkout(commit, source.fresh(), options)->pointers.empty());
}

TEST_CASE("a commit that the mirror does not have is no crash") {
  Checkouts source;
  source.repository.commit({{"a", "one"}});
  CHECK_THROWS_AS(source.checkout(CommitSha("1234567890123456789012345678901234567890"), source.fresh()), Unavailable);
}

TEST_CASE("a submodule is an empty folder, and told") {
  Checkouts source;
  const std::string commit_id = "1111111111111111111111111111111111111111";
  const CommitSha commit = source.repository.commit({{"libs/proto", {commit_id, "160000"}}, {"a", "1"}});
  const auto folder = source.fresh();
  const auto elsewhere = source.checkout(commit, folder);
  REQUIRE(elsewhere);
  CHECK(elsewhere->submodules == std::vector<git::Submodule>{git::Submodule("libs/proto", CommitSha(commit_id))});
  CHECK(fs::is_directory(folder / "libs/proto"));
  CHECK(fs::is_empty(folder / "libs/proto"));
}

#include "git/submodules.hpp"

#include <catch2/catch.hpp>

#include "parts.hpp"

using namespace slipway;
using test::MirrorCase;

TEST_CASE("a submodule's url is the one of its path, as git reads .gitmodules") {
  const std::string text =
      "# ours\n[core]\n\tpath = a\n\turl = wrong\n"
      "[submodule \"one\"]\n\tpath = a\n\turl = ../one.git\n\tbranch = main\n"
      "[submodule \"two words\"]\r\n  url=\"https://git.test/Org/two.git\" ; where\r\n  path = \"b c\"  # odd\r\n"
      "[submodule \"no url\"]\n\tpath = d\n";
  CHECK(*git::submodule_url(text, "a") == "../one.git");
  CHECK(*git::submodule_url(text, "b c") == "https://git.test/Org/two.git");
  for (const char* missing : {"d", "e", "", "one"}) {
    CAPTURE(missing);
    CHECK_THAT(git::submodule_url(text, missing).error().what(), Catch::Contains(".gitmodules does not say where it comes from"));
  }
  CHECK_FALSE(git::submodule_url("", "a"));
  CHECK_FALSE(git::submodule_url("url = x\npath = a\n=\n[submodule", "a"));
}

TEST_CASE("a submodule's address is a repository of the configured server, or an error") {
  struct Row {
    const char* url;
    const char* repository;  // empty: refused
  };
  for (const auto& row : {Row{"../proto.git", "Lumie-Edu/proto"},
                          {"../proto", "Lumie-Edu/proto"},
                          {"../../Other/lib.git", "Other/lib"},
                          {"./../proto/", "Lumie-Edu/proto"},
                          {"http://gitea.local:3000/Org/x.git", "Org/x"},
                          {"https://gitea.local/Org/x.git", "Org/x"},
                          {"https://user:secret@GITEA.local/Org/x", "Org/x"},
                          {"ssh://git@gitea.local:2222/Org/x.git", "Org/x"},
                          {"git@gitea.local:Org/x.git", "Org/x"},
                          {"https://github.com/Org/x.git", ""},
                          {"git@github.com:Org/x.git", ""},
                          {"file:///etc", ""},
                          {"/srv/git/x.git", ""},
                          {"", ""},
                          {"../../../../x", ""},
                          {"../..", ""},
                          {"../a b.git", ""},
                          {"http://gitea.local:3000/Org/x/../../etc", ""},
                          {"ext::sh -c id", ""}}) {
    CAPTURE(row.url);
    const auto repository = git::submodule_repository("http://gitea.local:3000", RepoName("Lumie-Edu/app"), row.url);
    CHECK((repository ? repository->value() : "") == row.repository);
  }
  const auto with_login = git::submodule_repository("http://gitea.local:3000", RepoName("Lumie-Edu/app"), "https://user:s3cret@github.com/a/b");
  CHECK_THAT(with_login.error().what(), Catch::Contains("https://github.com/a/b") && !Catch::Contains("s3cret"));
  CHECK(git::submodule_repository("http://host/git/", RepoName("a/b"), "https://host/git/c/d.git")->value() == "c/d");
}

TEST_CASE("submodules are fetched and checked out with their commit, nested ones too") {
  MirrorCase one;
  auto library = one.server.create("Lumie-Edu/library"), inner = one.server.create("Other/inner");
  const CommitSha deepest = inner.commit({{"deep.txt", "deep"}});
  const CommitSha wanted = library.commit({{"lib.txt", "old"}, {"inner", {deepest.value(), "160000"}}, {".gitmodules", "[submodule \"i\"]\npath = inner\nurl = ../../Other/inner.git\n"}});
  library.commit({{"lib.txt", "newer"}});
  const CommitSha commit = one.repository.commit({{"main.txt", "main"}, {"libs/library", {wanted.value(), "160000"}}, {".gitmodules", "[submodule \"l\"]\npath = libs/library\nurl = ../library.git\n"}});
  one.fetch();
  git::CheckoutOptions options;
  options.submodules = true;
  const auto folder = one.dir / "out";
  std::filesystem::create_directory(folder);
  REQUIRE(one.wait(one.mirrors().checkout(one.name, commit, folder, options)));
  CHECK(test::read_file(folder / "main.txt") == "main");
  CHECK(test::read_file(folder / "libs/library/lib.txt") == "old");
  CHECK(test::read_file(folder / "libs/library/inner/deep.txt") == "deep");
}

TEST_CASE("a submodule that cannot be had is an error that names it") {
  MirrorCase one;
  auto library = one.server.create("Lumie-Edu/library");
  library.commit({{"lib.txt", "x"}});
  git::CheckoutOptions options;
  options.submodules = true;
  struct Row {
    const char* modules;
    const char* says;
  };
  int number = 0;
  for (const auto& row : {Row{"", "lib is a submodule, but .gitmodules does not say"}, Row{"[submodule \"l\"]\npath=lib\nurl=https://github.com/a/b\n", "lib: the submodule at https://github.com/a/b is on another server"},
                          Row{"[submodule \"l\"]\npath=lib\nurl=../library\n", "lib: Lumie-Edu/library has no commit 1111"}}) {
    CAPTURE(row.modules);
    const CommitSha commit = one.repository.commit({{"lib", {std::string(40, '1'), "160000"}}, {".gitmodules", row.modules}});
    one.fetch();
    const auto folder = one.dir / ("out" + std::to_string(number++));
    std::filesystem::create_directory(folder);
    const auto done = one.wait(one.mirrors().checkout(one.name, commit, folder, options));
    REQUIRE_FALSE(done);
    CHECK_THAT(done.error().what(), Catch::Contains(row.says));
  }
}

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using test::Fault;
using test::MirrorCase;

namespace {

Task<> count_end(git::SourceMirror& mirrors, RepoName name, int& ended, std::string& trouble) {
  try {
    co_await mirrors.fetch(name);
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  ++ended;
}

/// Several fetches at once, begun together.
int fetch_together(MirrorCase& one, int count, std::string& trouble) {
  int ended = 0;
  for (int i = 0; i < count; ++i) asio::co_spawn(one.loop(), count_end(one.mirrors(), one.name, ended, trouble), [](std::exception_ptr) {});
  one.loop().restart();
  while (ended < count && one.loop().run_one() > 0) {
  }
  return ended;
}

}  // namespace

TEST_CASE("a mirror follows its server's branches: new, moved, forced, deleted") {
  MirrorCase one;
  auto& mirrors = one.mirrors();
  const CommitSha first = one.repository.commit({{"a", "1"}});
  CHECK_FALSE(one.wait(mirrors.contains(one.name, first)));
  CHECK_FALSE(one.wait(mirrors.head(one.name, "refs/heads/main")));
  one.fetch();
  CHECK(one.wait(mirrors.contains(one.name, first)));
  CHECK(one.wait(mirrors.head(one.name, "refs/heads/main")) == first);

  const CommitSha second = one.repository.commit({{"a", "2"}});
  one.repository.set_branch("feature/x", second);
  CHECK_FALSE(one.wait(mirrors.contains(one.name, second)));
  one.fetch();
  CHECK(one.wait(mirrors.head(one.name, "refs/heads/main")) == second);
  CHECK(one.wait(mirrors.head(one.name, "refs/heads/feature/x")) == second);
  CHECK(one.wait(mirrors.is_ancestor(one.name, first, second)));
  CHECK(one.wait(mirrors.on_branch(one.name, first, "refs/heads/main")));

  one.repository.set_branch("main", first);
  one.repository.git({"update-ref", "-d", "refs/heads/feature/x"});
  one.fetch();
  CHECK(one.wait(mirrors.head(one.name, "refs/heads/main")) == first);
  CHECK_FALSE(one.wait(mirrors.head(one.name, "refs/heads/feature/x")));
  CHECK_FALSE(one.wait(mirrors.on_branch(one.name, second, "refs/heads/main")));
  CHECK(one.wait(mirrors.contains(one.name, second)));
}

TEST_CASE("a fetch brings only what is new") {
  MirrorCase one;
  std::string random(200'000, 'x');
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<char>(i * i * 2654435761u >> 13);
  one.repository.commit({{"big", random}});
  one.fetch();
  one.repository.commit({{"small", "1"}});
  one.fetch();
  std::vector<std::uintmax_t> packs;
  for (const auto& entry : std::filesystem::directory_iterator(one.options.folder / "Lumie-Edu/lumie-backend.git/objects/pack")) {
    if (entry.path().extension() == ".pack") packs.push_back(entry.file_size());
  }
  std::sort(packs.begin(), packs.end());
  REQUIRE(packs.size() == 2);
  CHECK(packs[0] < 2000);
}

TEST_CASE("a fetch with nothing new asks once and downloads nothing") {
  MirrorCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  one.repository.commit({{"a", "1"}});
  one.fetch();
  const auto before = proxy.seen().size();
  one.fetch();
  CHECK(proxy.seen().size() - before == 1);
}

TEST_CASE("eight who want a fetch share it; who comes while one is under way shares the next") {
  MirrorCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  one.repository.commit({{"a", "1"}});
  std::string trouble;
  CHECK(fetch_together(one, 8, trouble) == 8);
  CHECK(trouble == "");
  CHECK(proxy.count("info/refs") <= 2);
  CHECK(one.wait(one.mirrors().contains(one.name, one.repository.head())));
}

TEST_CASE("a fetch that fails fails for everybody who waited for it, and the next is a new one") {
  MirrorCase one;
  one.repository.commit({{"a", "1"}});
  test::FaultyProxy proxy(one.server.port(), [](const auto&) { return Fault(Fault::Kind::answer); });
  one.go_through(proxy.port());
  std::string trouble;
  CHECK(fetch_together(one, 3, trouble) == 3);
  CHECK_THAT(trouble, Catch::Contains("503"));
  proxy.set_judge(nullptr);
  CHECK_NOTHROW(one.fetch());
}

TEST_CASE("two repositories are fetched independently of each other") {
  MirrorCase one;
  one.repository.commit({{"a", "1"}});
  auto other = one.server.create("Lumie-Edu/other");
  other.commit({{"b", "1"}});
  test::FaultyProxy proxy(one.server.port(), [](const test::SeenRequest& request) {
    return request.line.find("lumie-backend") != std::string::npos ? Fault(Fault::Kind::answer) : Fault();
  });
  one.go_through(proxy.port());
  CHECK_THROWS_AS(one.fetch(), Unavailable);
  CHECK_NOTHROW(one.wait(one.mirrors().fetch(RepoName("Lumie-Edu/other"))));
}

TEST_CASE("a repository is named, never addressed") {
  MirrorCase one;
  for (const char* name : {"../../etc", "Lumie-Edu/../x", "x", "a/b/c", "a/b.git"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(one.wait(one.mirrors().fetch(RepoName(name))), Refused);
    CHECK_THROWS_AS(one.wait(one.mirrors().contains(RepoName(name), CommitSha())), Refused);
    CHECK_THROWS_AS(one.wait(one.mirrors().fetch_commit(RepoName(name), CommitSha(std::string(40, 'a')))), Refused);
  }
  CHECK_FALSE(std::filesystem::exists(one.options.folder));
}

TEST_CASE("a commit that no branch leads to is fetched by its id where the server gives it") {
  MirrorCase one;
  const CommitSha first = one.repository.commit({{"a", "1"}});
  const CommitSha lost = one.repository.commit({{"a", "2"}});
  one.repository.set_branch("main", first);
  one.fetch();
  CHECK_FALSE(one.wait(one.mirrors().contains(one.name, lost)));
  CHECK_FALSE(one.wait(one.mirrors().fetch_commit(one.name, lost)));
  one.repository.git({"config", "uploadpack.allowAnySHA1InWant", "true"});
  CHECK(one.wait(one.mirrors().fetch_commit(one.name, lost)));
  CHECK(one.wait(one.mirrors().contains(one.name, lost)));
  CHECK_FALSE(one.wait(one.mirrors().on_branch(one.name, lost, "refs/heads/main")));
  one.fetch();
  CHECK(one.wait(one.mirrors().contains(one.name, lost)));
  CHECK_FALSE(one.wait(one.mirrors().fetch_commit(one.name, CommitSha("1234567890123456789012345678901234567890"))));
  CHECK_FALSE(one.wait(one.mirrors().fetch_commit(one.name, CommitSha("main"))));
}

TEST_CASE("a commit is found by the digits that a tag shows") {
  MirrorCase one;
  const CommitSha commit = one.repository.commit({{"a", "1"}});
  one.fetch();
  auto& mirrors = one.mirrors();
  CHECK(one.wait(mirrors.find_commit(one.name, commit.value().substr(0, 8))) == commit);
  CHECK(one.wait(mirrors.find_commit(one.name, commit.value())) == commit);
  for (const std::string& odd : {std::string("latest"), std::string(), std::string("abc"), std::string("zzzzzzzz"), std::string("00000000"), commit.value() + "0"}) {
    CAPTURE(odd);
    CHECK_FALSE(one.wait(mirrors.find_commit(one.name, odd)));
  }
  auto tree = one.repository.git({"rev-parse", commit.value() + "^{tree}"}).substr(0, 8);
  CHECK_FALSE(one.wait(mirrors.find_commit(one.name, tree)));
}

TEST_CASE("a commit's time is its committer's") {
  MirrorCase one;
  const CommitSha commit = one.repository.commit({{"a", "1"}});
  one.fetch();
  const auto time = one.wait(one.mirrors().commit_time(one.name, commit));
  CHECK(std::to_string(Clock::to_time_t(time)) + "\n" == one.repository.git({"show", "-s", "--format=%ct", commit.value()}));
}

TEST_CASE("a mirror that has grown old is exchanged for a new one, under those who read it") {
  MirrorCase one;
  const CommitSha commit = one.repository.commit({{"a", "1"}, {"b/c", "2"}});
  one.fetch();
  for (int i = 0; i < 205; ++i) {
    test::write_file(one.mirror() / ("objects/pack/pack-" + std::to_string(i) + ".keep"), "");
    test::write_file(one.mirror() / ("objects/pack/pack-" + std::to_string(i) + ".bitmap"), "");
  }
  std::vector<std::filesystem::path> folders;
  int ended = 0;
  std::string trouble;
  for (int i = 0; i < 8; ++i) {
    folders.push_back(one.dir / ("out" + std::to_string(i)));
    std::filesystem::create_directory(folders.back());
    asio::co_spawn(one.loop(), one.mirrors().checkout(one.name, commit, folders.back(), git::CheckoutOptions()), [&](std::exception_ptr error, const auto&) {
      CHECK_FALSE(error);
      ++ended;
    });
    if (i % 2 == 0) asio::co_spawn(one.loop(), count_end(one.mirrors(), one.name, ended, trouble), [](std::exception_ptr) {});
  }
  one.loop().restart();
  while (ended < 12 && one.loop().run_one() > 0) {
  }
  CHECK(ended == 12);
  CHECK(trouble == "");
  for (const auto& folder : folders) CHECK(test::read_file(folder / "b/c") == "2");
  std::size_t packs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(one.mirror() / "objects/pack")) packs += entry.path().extension() == ".pack";
  CHECK(packs == 1);
  CHECK_FALSE(std::filesystem::exists(one.mirror().string() + ".old"));
  CHECK_FALSE(std::filesystem::exists(one.mirror().string() + ".new"));
}

TEST_CASE("a mirror that a power failure cut short is repaired by the next fetch") {
  MirrorCase one;
  const CommitSha commit = one.repository.commit({{"a", "1"}});
  one.fetch();
  one.restart();
  test::cut_packs(one.mirror());
  const auto folder = one.dir / "out";
  std::filesystem::create_directory(folder);
  CHECK_THROWS_AS(one.wait(one.mirrors().checkout(one.name, commit, folder, git::CheckoutOptions())), Unavailable);
  one.fetch();
  CHECK(one.wait(one.mirrors().checkout(one.name, commit, folder, git::CheckoutOptions())));
  one.restart();
  test::cut_packs(one.mirror());
  test::write_file(one.mirror() / "refs/heads/main", "");
  one.repository.commit({{"a", "2"}});
  one.fetch();
  CHECK(one.wait(one.mirrors().head(one.name, "refs/heads/main")) == one.repository.head());
}

TEST_CASE("lock files of a process that was killed do not stop the next fetch") {
  MirrorCase one;
  one.repository.commit({{"a", "1"}});
  one.fetch();
  one.restart();
  test::write_file(one.mirror() / "refs/heads/main.lock", "");
  one.repository.commit({{"a", "2"}});
  one.fetch();
  CHECK(one.wait(one.mirrors().head(one.name, "refs/heads/main")) == one.repository.head());
}

TEST_CASE("a commit that the mirror does not have is a reason to fetch, not a bug") {
  MirrorCase one;
  one.repository.commit({{"a", "1"}});
  one.fetch();
  const CommitSha unknown("1234567890123456789012345678901234567890");
  const auto folder = one.dir / "out";
  std::filesystem::create_directory(folder);
  CHECK_THROWS_AS(one.wait(one.mirrors().checkout(one.name, unknown, folder, git::CheckoutOptions())), Unavailable);
  CHECK_THROWS_AS(one.wait(one.mirrors().commit_time(one.name, unknown)), Unavailable);
  CHECK_THROWS_AS(one.wait(one.mirrors().changed(one.name, CommitSha(), unknown, 10)), Unavailable);
}

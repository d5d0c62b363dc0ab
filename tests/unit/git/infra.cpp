#include <malloc.h>

#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using test::InfraCase;
using test::new_commit;

namespace {

std::vector<CommitSha> landed(const git::PushOutcome& outcome) {
  REQUIRE(std::holds_alternative<git::Landed>(outcome));
  return std::get<git::Landed>(outcome).commits;
}

std::string raced(const git::PushOutcome& outcome) {
  REQUIRE(std::holds_alternative<git::Raced>(outcome));
  return std::get<git::Raced>(outcome).words;
}

}  // namespace

TEST_CASE("a file is replaced in one commit on the branch, and nothing else") {
  InfraCase one;
  const CommitSha head = one.fetch();
  CHECK(head == one.repository.head());
  CHECK(one.read("charts/values.yaml") == "tag: \"1\"\n");
  const auto made = landed(one.push(head, {new_commit("charts/values.yaml", "tag: \"2\"\n", "CHORE(app): update app image to 2\n\nRun: 7\n")}));
  REQUIRE(made.size() == 1);
  CHECK(one.repository.head() == made[0]);
  CHECK(one.repository.read("charts/values.yaml") == "tag: \"2\"\n");
  CHECK(one.repository.git({"show", "-s", "--format=%P|%an|%ae|%cn|%ce|%B", made[0].value()}) ==
        head.value() + "|slipway|slipway@lumie.example|committer|committer@lumie.example|CHORE(app): update app image to 2\n\nRun: 7\n\n");
  CHECK(one.repository.git({"diff-tree", "-r", "--name-status", head.value(), made[0].value()}) == "M\tcharts/values.yaml\n");
  CHECK(one.repository.git({"fsck", "--strict"}) == "");
}

TEST_CASE("several commits land together, in order, each on the one before") {
  InfraCase one;
  const CommitSha head = one.fetch();
  const auto made = landed(one.push(head, {new_commit("charts/values.yaml", "a\n", "first"), new_commit("charts/other.yaml", "b\n", "second"),
                                           new_commit("charts/values.yaml", "c\n", "third"), new_commit("new/deep/er.yaml", "d\n", "fourth")}));
  CHECK(one.repository.log() == std::vector<CommitSha>{made[3], made[2], made[1], made[0], head});
  CHECK(one.repository.read("charts/values.yaml", made[0].value()) == "a\n");
  CHECK(one.repository.read("charts/values.yaml") == "c\n");
  CHECK(one.repository.read("new/deep/er.yaml") == "d\n");
}

TEST_CASE("the log has children first, whatever their dates, and tells slipway's commits from copies of them") {
  InfraCase one;
  const std::string message = "CHORE(app): update app image\n\nSlipway-Run: 7\n";
  const auto made = landed(one.push(one.fetch(), {new_commit("charts/values.yaml", "a\n", message)}));
  test::CommitOptions copied;
  copied.message = message;
  one.repository.commit({{"charts/values.yaml", "b\n"}}, copied);
  const CommitSha head = one.fetch();
  const auto log = test::run_coroutine(one.loop(), one.remote().log(head, 2));
  REQUIRE(log.size() == 2);
  CHECK_FALSE(log[0].ours);
  CHECK(log[1].sha == made[0]);
  CHECK(log[1].ours);
}

TEST_CASE("an executable file stays executable") {
  InfraCase one;
  one.repository.commit({{"bin/run", {"old", "100755"}}});
  const auto made = landed(one.push(one.fetch(), {new_commit("bin/run", "new")}));
  CHECK(one.repository.git({"ls-tree", made[0].value(), "bin/run"}).starts_with("100755 blob"));
}

TEST_CASE("warm hand-offs ask the server twice each: what is there, and the push") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  CommitSha head = one.head();
  const std::size_t cold = proxy.seen().size();
  for (int i = 0; i < 3; ++i) head = landed(one.push(one.head(), {new_commit("charts/values.yaml", std::to_string(i))})).back();
  CHECK(proxy.seen().size() - cold == 6);
  CHECK(proxy.count("service=git-receive-pack") == 3);
  CHECK(proxy.count("POST /git/Lumie-Edu/infra.git/git-receive-pack") == 3);
  for (const auto& request : proxy.seen()) CHECK(request.authorized);
  CHECK(one.head() == one.repository.head());
}

TEST_CASE("fetching again and again takes no more memory") {
  InfraCase one;
  for (int warm = 0; warm < 5; ++warm) one.fetch();
  const auto before = ::mallinfo2().uordblks;
  for (int again = 0; again < 20; ++again) one.fetch();
  const auto after = ::mallinfo2().uordblks;
  CHECK(after < before + 20 * 8192);
}

TEST_CASE("a restart keeps the mirror: what was fetched is not fetched again") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  one.fetch();
  one.restart();
  one.fetch();
  CHECK(proxy.count("POST /git/Lumie-Edu/infra.git/git-upload-pack") == 1);
  CHECK(one.read("README.md") == "infra\n");
}

TEST_CASE("a mirror that is broken is made anew") {
  InfraCase one;
  one.fetch();
  one.restart();
  test::write_file(one.options.mirror / "HEAD", "nonsense");
  CHECK(one.fetch() == one.repository.head());
  CHECK(one.read("README.md") == "infra\n");
}

TEST_CASE("a branch that moved between fetch and push is a race, and the next attempt lands on top of it") {
  InfraCase one;
  const CommitSha stale = one.fetch();
  const CommitSha theirs = one.repository.commit({{"README.md", "theirs\n"}});
  const auto words = raced(one.push(stale, {new_commit("charts/values.yaml", "x")}));
  CHECK_THAT(words, Catch::Contains(theirs.value()));
  CHECK(one.fetch() == theirs);
  const auto made = landed(one.push(theirs, {new_commit("charts/values.yaml", "x")}));
  CHECK(one.repository.log() == std::vector<CommitSha>{made[0], theirs, stale});
}

TEST_CASE("a race that only the server sees, between its answer and the push, is a race") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  const CommitSha head = one.fetch();
  proxy.set_judge([&, done = false](const test::SeenRequest& request) mutable {
    test::Fault fault;
    if (!done && request.line.starts_with("POST") && request.line.ends_with("git-receive-pack")) {
      fault.before = [&] { one.repository.commit({{"README.md", "theirs\n"}}); };
      done = true;
    }
    return fault;
  });
  CHECK_THAT(raced(one.push(head, {new_commit("charts/values.yaml", "x")})), Catch::Contains("failed to update ref"));
  const CommitSha theirs = one.head();
  CHECK(theirs == one.repository.head());
  landed(one.push(theirs, {new_commit("charts/values.yaml", "x")}));
}

TEST_CASE("a branch that somebody set back is not pushed forward again over their decision") {
  InfraCase one;
  const CommitSha first = one.fetch();
  const CommitSha ours = landed(one.push(first, {new_commit("charts/values.yaml", "x")})).back();
  one.repository.set_branch("main", first);
  CHECK_THAT(raced(one.push(ours, {new_commit("charts/values.yaml", "y")})), Catch::Contains(first.value()));
  CHECK(one.repository.head() == first);
  CHECK(one.fetch() == first);
}

TEST_CASE("a declined hook is a refusal with its own words, and the branch stays") {
  InfraCase one;
  const CommitSha head = one.fetch();
  one.repository.hook("pre-receive", "#!/bin/sh\necho 'Gitea: Not allowed to push to protected branch main' >&2\nexit 1\n");
  CHECK_THROWS_AS(one.push(head, {new_commit("charts/values.yaml", "x")}), Refused);
  CHECK_THROWS_WITH(one.push(head, {new_commit("charts/values.yaml", "x")}),
                    Catch::Contains("pre-receive hook declined") && Catch::Contains("Not allowed to push to protected branch main"));
  CHECK(one.repository.head() == head);
}

TEST_CASE("commits that the server cannot unpack are refused with what it says of them, or waited with while its disk is full") {
  InfraCase one;
  const CommitSha head = one.fetch();
  one.repository.git({"config", "receive.maxInputSize", "10"});
  CHECK_THROWS_WITH(one.push(head, {new_commit("charts/values.yaml", "x")}), Catch::Contains("unpacker error") && Catch::Contains("exceeds maximum allowed size"));
  one.repository.git({"config", "--unset", "receive.maxInputSize"});
  one.repository.hook("pre-receive", "#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 1\n");
  CHECK_THROWS_AS(one.push(head, {new_commit("charts/values.yaml", "x")}), Unavailable);
  CHECK(one.repository.head() == head);
}

TEST_CASE("an update hook's no is told apart from a race, whatever it prints") {
  InfraCase one;
  const CommitSha head = one.fetch();
  one.repository.hook("update", "#!/bin/sh\necho 'non-fast-forward is what this hook likes to say' >&2\nexit 1\n");
  CHECK_THROWS_AS(one.push(head, {new_commit("charts/values.yaml", "x")}), Refused);
}

TEST_CASE("what is no plain file of the repository is not read, and not written") {
  InfraCase one;
  const CommitSha sub = one.repository.head();
  const CommitSha head = one.repository.commit({{"link.yaml", {"charts/values.yaml", "120000"}}, {"out", {"../../etc", "120000"}}, {"module", {sub.value(), "160000"}}});
  for (const char* file : {"link.yaml", "out", "module", "charts", "/etc/passwd", "../x", "charts/../README.md", "charts//values.yaml", "./README.md", ".git/config", "",
                           "charts/", "a\\b"}) {
    CAPTURE(file);
    CHECK_THROWS_AS(one.read(file), Refused);
    CHECK_THROWS_AS(one.push(head, {new_commit(file, "x")}), Refused);
  }
  CHECK(one.read("charts/missing.yaml") == std::nullopt);
  CHECK(one.read("missing/values.yaml") == std::nullopt);
  CHECK(one.read("README.md/below") == std::nullopt);
  for (const char* file : {"out/passwd", "link.yaml/x", "README.md/below"}) {
    CAPTURE(file);
    CHECK_THROWS_AS(one.push(head, {new_commit(file, "x")}), Refused);
  }
  CHECK(one.repository.head() == head);
}

TEST_CASE("HEAD names the default branch, whichever one hand-offs go to") {
  InfraCase one;
  one.repository.git({"symbolic-ref", "HEAD", "refs/heads/trunk"});
  one.repository.commit({{"a", "b"}}, test::CommitOptions("trunk"));
  CHECK(test::run_coroutine(one.loop(), one.remote().default_branch()) == "trunk");
}

TEST_CASE("a branch that is not there is refused by name") {
  InfraCase one;
  one.options.branch = "production";
  CHECK_THROWS_AS(one.fetch(), Refused);
  CHECK_THROWS_WITH(one.fetch(), Catch::Contains("has no branch production"));
}

TEST_CASE("an empty repository is refused in words, not waited for") {
  InfraCase one;
  one.server.create("Lumie-Edu/empty");
  one.options.url = one.server.url("Lumie-Edu/empty");
  CHECK_THROWS_AS(one.fetch(), Refused);
}

TEST_CASE("YAML files that hold a text are found, up to a number and a size") {
  InfraCase one;
  const std::string big = "kind: Application\n" + std::string(5000, '#');
  const CommitSha head = one.repository.commit({{"argocd/app.yaml", "kind: Application\n"}, {"argocd/app.yml", "kind: Application\n"}, {"argocd/app.txt", "kind: Application\n"},
                                                {"argocd/big.yaml", big}, {"argocd/link.yaml", {"app.yaml", "120000"}}});
  one.fetch();
  const auto find = [&](std::size_t files, std::size_t bytes) {
    std::vector<std::string> names;
    for (const auto& [name, text] : test::run_coroutine(one.loop(), one.remote().find_text(head, "kind: Application", files, bytes))) names.push_back(name);
    return names;
  };
  CHECK(find(100, 4096) == std::vector<std::string>{"argocd/app.yaml", "argocd/app.yml"});
  CHECK(find(100, 1 << 20) == std::vector<std::string>{"argocd/app.yaml", "argocd/app.yml", "argocd/big.yaml"});
  CHECK(find(1, 1 << 20) == std::vector<std::string>{"argocd/app.yaml"});
}

TEST_CASE("a mirror that a power failure cut short is noticed, made anew, and the hand-off goes on") {
  InfraCase one;
  const CommitSha head = one.fetch();
  one.restart();
  test::cut_packs(one.mirror());
  try {
    one.fetch();  // the head is what it was: nothing is downloaded, so nothing is noticed yet
    one.read("README.md");
  } catch (const Unavailable&) {
  }
  CHECK(one.fetch() == head);
  CHECK(one.read("README.md") == "infra\n");
  landed(one.push(head, {new_commit("charts/values.yaml", "x")}));
}

TEST_CASE("lock files of a process that was killed do not stop the next one") {
  InfraCase one;
  one.fetch();
  one.restart();
  for (const char* lock : {"refs/heads/main.lock", "refs/slipway/handoff.lock", "HEAD.lock", "config.lock"}) {
    std::filesystem::create_directories((one.mirror() / lock).parent_path());
    test::write_file(one.mirror() / lock, "");
  }
  one.repository.commit({{"README.md", "new"}});
  const CommitSha head = one.fetch();
  CHECK(head == one.repository.head());
  landed(one.push(head, {new_commit("charts/values.yaml", "x")}));
}

TEST_CASE("a declared copy gets the same commits; one that has diverged, or is gone, is told and never forced") {
  InfraCase one;
  auto follows = one.server.create("Lumie-Edu/follows"), diverged = one.server.create("Lumie-Edu/diverged"), behind = one.server.create("Lumie-Edu/behind");
  const CommitSha first = one.repository.head();
  for (auto* copy : {&follows, &diverged, &behind}) copy->git({"fetch", "-q", one.repository.folder().string(), "main:main"});
  one.repository.commit({{"README.md", "second\n"}});
  follows.git({"fetch", "-q", one.repository.folder().string(), "main:main"});
  const CommitSha theirs = diverged.commit({{"README.md", "theirs\n"}});
  for (const char* name : {"follows", "diverged", "behind", "missing"}) {
    one.options.also_push.emplace_back(one.server.url(std::string("Lumie-Edu/") + name), one.options.access);
  }
  const auto outcome = one.push(one.fetch(), {new_commit("charts/values.yaml", "a"), new_commit("charts/other.yaml", "b")});
  const CommitSha ours = landed(outcome).back();
  const auto& copies = std::get<git::Landed>(outcome).copies;
  REQUIRE(copies.size() == 4);
  CHECK(copies[0].has_commits);
  CHECK_FALSE(copies[1].has_commits);
  CHECK_THAT(copies[1].words, Catch::Contains("non-fast-forward"));
  CHECK(copies[2].has_commits);
  CHECK_FALSE(copies[3].has_commits);
  CHECK_THAT(copies[3].words, Catch::Contains("404"));
  CHECK(follows.head() == ours);
  CHECK(behind.head() == ours);
  CHECK(copies[1].diverged);
  CHECK_FALSE(copies[3].diverged);
  CHECK(diverged.head() == theirs);

  const auto heads = test::run_coroutine(one.loop(), one.remote().copy_heads());
  REQUIRE(heads.size() == 4);
  CHECK(heads[0].head == ours);
  CHECK(heads[1].head == theirs);
  CHECK(heads[2].head == ours);
  const std::vector<git::CopyState> states{git::CopyState::same, git::CopyState::diverged, git::CopyState::same, git::CopyState::unknown};
  for (std::size_t i = 0; i < states.size(); ++i) {
    CHECK(heads[i].state == states[i]);
    CHECK(heads[i].origin == ours);
  }
  CHECK_FALSE(heads[3].head);
  CHECK_THAT(heads[3].trouble, Catch::Contains("404"));
}

TEST_CASE("what a copy missed while it was away comes with the next hand-off") {
  InfraCase one;
  auto copy = one.server.create("Lumie-Edu/copy");
  one.options.also_push.emplace_back(one.server.url("Lumie-Edu/copy"), one.options.access);
  const auto state = [&] { return test::run_coroutine(one.loop(), one.remote().copy_heads()).at(0).state; };
  CHECK(state() == git::CopyState::behind);  // it has no such branch yet
  copy.allow_push(false);
  const auto missed = one.push(one.fetch(), {new_commit("charts/values.yaml", "a")});
  CHECK_FALSE(std::get<git::Landed>(missed).copies.at(0).has_commits);
  CHECK_FALSE(std::get<git::Landed>(missed).copies.at(0).diverged);
  copy.allow_push(true);
  const CommitSha first = landed(missed).back();
  const auto next = one.push(first, {new_commit("charts/values.yaml", "b")});
  CHECK(std::get<git::Landed>(next).copies.at(0).has_commits);
  CHECK(copy.log().at(1) == first);
  one.repository.commit({{"README.md", "by hand\n"}});
  CHECK(state() == git::CopyState::behind);
}

#include "run/proposals.hpp"

#include "house.hpp"
#include "support/fake_gitea.hpp"

using namespace slipway;
using test::FakeSources;
using test::reason;

namespace {

/// A house that hands off by pull requests.
struct Reviewed : test::House {
  test::FakeGitea gitea;
  io::HttpClient http;
  git::PullRequests requests{http, options()};

  Reviewed() {
    settings.mode = HandoffMode::pull_request;
    pulls = &requests;
    infra.files["c.yaml"] = "image:\n  tag: old\n";
  }
  git::PullRequestOptions options() const {
    auto made = git::pull_request_options("http://git/org/infra.git", gitea.api());
    made.access.credentials = [] { return git::Credentials("ci", "s3cret"); };
    return made;
  }
  run::HandOff wish_of(char commit, const std::string& file, const std::string& app) {
    auto made = wish(commit, file, app + "-template");
    made.target.app = app;
    return made;
  }
};

CommitSha commit_of(const RunOutcome& outcome) {
  REQUIRE(std::holds_alternative<HandedOff>(outcome));
  return std::get<HandedOff>(outcome).commit;
}

}  // namespace

TEST_CASE("a hand-off becomes a branch and a pull request, and the target branch stays") {
  Reviewed house;
  const auto outcome = house.hand_off(house.wish('a', "a.yaml"));
  CHECK(commit_of(outcome) == house.infra.branches.at("slipway/app"));
  CHECK(std::get<HandedOff>(outcome).note == "pull request #1 proposes it: http://gitea/org/infra/pulls/1");
  CHECK(house.infra.files["a.yaml"] == "image:\n  tag: old # the tag\n");
  CHECK(house.infra.proposed("slipway/app", "a.yaml") == "image:\n  tag: \"aaaaaaaa\" # the tag\n");
  const auto pulls = house.gitea.pulls();
  REQUIRE(pulls.size() == 1);
  CHECK(pulls[0].head == "slipway/app");
  CHECK(pulls[0].base == "main");
  CHECK(pulls[0].title == "CHORE(app): update app image to aaaaaaaa");
  CHECK_THAT(pulls[0].body,
             Catch::Contains("Slipway-Run: 7") && Catch::Contains("Source-Commit: " + std::string(40, 'a')));
}

TEST_CASE("the next hand-off rebuilds the branch on the target's head and keeps the pull request") {
  Reviewed house;
  house.hand_off(house.wish('a', "a.yaml"));
  house.infra.commit("b.yaml", "by: hand\n");
  house.sources.add('b', {FakeSources::named('a')});
  house.hand_off(house.wish('b', "a.yaml"));
  CHECK(house.infra.proposed("slipway/app", "a.yaml") == "image:\n  tag: \"bbbbbbbb\" # the tag\n");
  CHECK(house.infra.proposed("slipway/app", "b.yaml") == "by: hand\n");
  const auto pulls = house.gitea.pulls();
  REQUIRE(pulls.size() == 1);
  CHECK(pulls[0].title == "CHORE(app): update app image to bbbbbbbb");
}

TEST_CASE("each application has its own branch, and one that is refused does not hold the others") {
  Reviewed house;
  std::vector<run::HandOff> wishes;
  wishes.push_back(house.wish_of('a', "a.yaml", "one"));
  wishes.push_back(house.wish_of('a', "missing.yaml", "two"));
  wishes.push_back(house.wish_of('a', "b.yaml", "three"));
  wishes.push_back(house.wish_of('a', "c.yaml", "three"));
  const auto items = house.hand_off(std::move(wishes));
  CHECK(std::holds_alternative<HandedOff>(*items[0].outcome));
  CHECK(reason(*items[1].outcome) == "the values file missing.yaml is not in the infra repository");
  CHECK(house.infra.proposed("slipway/three", "b.yaml") == "image:\n  tag: \"aaaaaaaa\"\n");
  CHECK(house.infra.proposed("slipway/three", "c.yaml") == "image:\n  tag: \"aaaaaaaa\"\n");
  CHECK(house.gitea.pulls().size() == 2);
}

TEST_CASE("an older commit does not replace a newer proposal") {
  Reviewed house;
  house.sources.add('b', {FakeSources::named('a')});
  house.hand_off(house.wish('b', "a.yaml"));
  CHECK(reason(house.hand_off(house.wish('a', "a.yaml"))) == "slipway/app proposes the later commit bbbbbbbb already");
  CHECK(house.infra.proposed("slipway/app", "a.yaml") == "image:\n  tag: \"bbbbbbbb\" # the tag\n");
  auto rollback = house.wish('a', "a.yaml");
  rollback.run.allow_rollback = true;
  house.hand_off(rollback);
  CHECK(house.infra.proposed("slipway/app", "a.yaml") == "image:\n  tag: \"aaaaaaaa\" # the tag\n");
}

TEST_CASE("an older commit's digest does not replace a newer one's proposal either") {
  Reviewed house;
  house.sources.add('b', {FakeSources::named('a')});
  const auto digest_of = [&](char commit) {
    auto made = house.wish(commit, "a.yaml");
    made.target.values[0].value = "$(IMAGE_DIGEST)";
    made.results.digest = Digest("sha256:" + std::string(2, commit));
    return made;
  };
  house.hand_off(digest_of('b'));
  CHECK(reason(house.hand_off(digest_of('a'))) == "slipway/app proposes the later commit bbbbbbbb already");
}

TEST_CASE("a link in one values file of an application does not hold its others") {
  Reviewed house;
  house.hand_off(house.wish_of('a', "b.yaml", "three"));  // so that there is a branch to look at
  house.infra.links["link.yaml"] = "link.yaml is a symbolic link";
  std::vector<run::HandOff> wishes;
  wishes.push_back(house.wish_of('a', "link.yaml", "three"));
  wishes.push_back(house.wish_of('a', "c.yaml", "three"));
  const auto items = house.hand_off(std::move(wishes));
  CHECK_THROWS_AS(std::rethrow_exception(items[0].failed), Refused);
  CHECK(std::holds_alternative<HandedOff>(*items[1].outcome));
}

TEST_CASE("what is proposed already is not pushed again, and a pull request that could not be made is made then") {
  Reviewed house;
  house.gitea.answer_with(503, "later");
  CHECK_THROWS_AS(house.hand_off(house.wish('a', "a.yaml")), Unavailable);
  const CommitSha proposed = house.infra.branches.at("slipway/app");
  house.gitea.answer_with(0);
  CHECK(commit_of(house.hand_off(house.wish('a', "a.yaml"))) == proposed);
  CHECK(house.infra.pushes == 1);
  CHECK(house.gitea.pulls().size() == 1);
}

TEST_CASE("what is merged is deployed: the same commit again makes no branch, the next one a new pull request") {
  Reviewed house;
  house.hand_off(house.wish('a', "a.yaml"));
  house.infra.merge("slipway/app");
  house.gitea.close(1);
  CHECK(std::holds_alternative<Unchanged>(house.hand_off(house.wish('a', "a.yaml"))));
  house.sources.add('b', {FakeSources::named('a')});
  commit_of(house.hand_off(house.wish('b', "a.yaml")));
  CHECK(house.gitea.pulls().size() == 2);
}

TEST_CASE("a pull request that nobody has merged yet is no revert by hand") {
  Reviewed house;
  house.hand_off(house.wish('a', "a.yaml"));
  house.sources.add('b', {FakeSources::named('a')});
  commit_of(house.hand_off(house.wish('b', "a.yaml")));
  CHECK_FALSE(test::run_coroutine(house.loop, house.store.queue->held(TemplateName("a-template"))).has_value());
}

TEST_CASE("a branch that moves under the push is a race, and tried again on the new head") {
  Reviewed house;
  house.infra.before_push = [&] { house.infra.commit("b.yaml", "by: hand\n"); };
  commit_of(house.hand_off(house.wish('a', "a.yaml")));
  CHECK(house.infra.proposed("slipway/app", "b.yaml") == "by: hand\n");
  CHECK(house.log.notes.front() == "attempt 1 of 5 lost a race: stale info");
}

TEST_CASE("what an application is called makes a branch's name that Git takes") {
  test::House house;
  auto wish = house.wish('a', "a.yaml");
  for (const auto& [app, branch] :
       {std::pair("lumie-backend", "slipway/lumie-backend"), std::pair("a-b_1", "slipway/a-b_1"), std::pair("a.b", "slipway/a=2eb"),
        std::pair("a/b..c d~e.lock", "slipway/a=2fb=2e=2ec=20d=7ee=2elock"),
        std::pair("", "slipway/a-template")}) {
    wish.target.app = app;
    CHECK(run::proposal_branch(wish) == branch);
  }
}

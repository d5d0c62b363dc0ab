#include "git/pull_requests.hpp"

#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "support/fake_gitea.hpp"
#include "support/run_coroutine.hpp"

using namespace slipway;
using test::FakeGitea;

namespace {

struct Case {
  FakeGitea gitea;
  asio::io_context loop{1};
  io::HttpClient http;
  std::string password = "s3cret";

  git::PullRequests requests() {
    auto options = git::pull_request_options("http://somewhere/git/org/infra.git", gitea.api());
    options.access.credentials = [this] { return git::Credentials("ci", password); };
    return git::PullRequests(http, options);
  }
  git::PullRequest ensure(const std::string& title, const std::string& body = "body",
                          const std::string& head = "slipway/app") {
    auto all = requests();
    return test::run_coroutine(loop, all.ensure(head, "main", title, body));
  }
};

FakeGitea::Pull pull(const std::string& head, const std::string& base = "main", int repository = 1) {
  FakeGitea::Pull one;
  one.head = head, one.base = base, one.title = "by hand", one.head_repository = repository;
  return one;
}

}  // namespace

TEST_CASE("where there is no open pull request it is made, and made once") {
  Case one;
  CHECK(one.ensure("first").number == 1);
  CHECK(one.ensure("first").number == 1);
  const auto second = one.ensure("second", "\"quoted\"\n업데이트 🚀\n");
  CHECK(second.number == 1);
  CHECK(second.url == "http://gitea/org/infra/pulls/1");
  REQUIRE(one.gitea.pulls().size() == 1);
  CHECK(one.gitea.pulls()[0].title == "second");
  CHECK(one.gitea.pulls()[0].body == "\"quoted\"\n업데이트 🚀\n");
  const auto seen = one.gitea.seen();
  CHECK(std::count_if(seen.begin(), seen.end(), [](const auto& line) { return line.starts_with("PATCH"); }) == 1);
}

TEST_CASE("one that is closed or merged is over: the next is a new one") {
  Case one;
  one.ensure("first");
  one.gitea.close(1);
  CHECK(one.ensure("second").number == 2);
  CHECK(one.gitea.pulls()[0].title == "first");
}

TEST_CASE(
    "it is found on a later page, and neither a fork's, nor another branch's, nor another target's is taken for it") {
  Case one;
  one.gitea.add(pull("slipway/app", "main", 2));
  one.gitea.add(pull("slipway/app", "stable"));
  one.gitea.add(pull("slipway/apps"));
  one.gitea.add(pull("other"));
  one.gitea.add(pull("slipway/app"));
  CHECK(one.ensure("title").number == 5);
  for (const int other : {0, 1, 2, 3}) CHECK(one.gitea.pulls()[static_cast<std::size_t>(other)].title == "by hand");
}

TEST_CASE("somebody who makes it in the same moment is no trouble") {
  Case one;
  one.gitea.lose_next_make();
  CHECK(one.ensure("ours").number == 1);
  CHECK(one.gitea.pulls().at(0).title == "ours");
}

TEST_CASE("what the server refuses is refused in its words, what it cannot now is for later") {
  Case one;
  for (const auto& [status, words] : {std::pair(403, "the token has no scope write:repository"),
                                      std::pair(404, "The target couldn't be found."), std::pair(423, "archived")}) {
    one.gitea.answer_with(status, words);
    CHECK_THROWS_AS(one.ensure("x"), Refused);
    CHECK_THROWS_WITH(one.ensure("x"), Catch::Contains(words) && Catch::Contains(std::to_string(status)));
  }
  for (const int status : {500, 502, 503, 429}) {
    one.gitea.answer_with(status, "later");
    CHECK_THROWS_AS(one.ensure("x"), Unavailable);
  }
  one.gitea.answer_with(0);
  one.password = "wrong";
  CHECK_THROWS_AS(one.ensure("x"), Refused);
  CHECK_THROWS_WITH(one.ensure("x"), !Catch::Contains("wrong"));
  CHECK(one.gitea.pulls().empty());
}

TEST_CASE("the check asks whether the user may push") {
  Case one;
  auto all = one.requests();
  CHECK(test::run_coroutine(one.loop, all.check()) == "pull requests can be made in org/infra");
  one.gitea.may_push(false);
  CHECK_THROWS_WITH(test::run_coroutine(one.loop, all.check()), Catch::Contains("may not push"));
}

TEST_CASE("API and repository come from the repository's address, unless the configuration says where the API is") {
  const auto plain =
      git::pull_request_options("http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra.git", "");
  CHECK(plain.api_url == "http://gitea-http.gitea.svc.cluster.local:3000/api/v1");
  CHECK(plain.repository == "Lumie-Edu/lumie-infra");
  CHECK(git::pull_request_options("https://host/git/org/infra", "").api_url == "https://host/git/api/v1");
  CHECK(git::pull_request_options("https://host/org/infra", "https://api.host/v1").api_url == "https://api.host/v1");
}

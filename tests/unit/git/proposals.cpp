#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using test::InfraCase;

namespace {

const std::string branch = "slipway/app";

struct Case : InfraCase {
  std::optional<CommitSha> seen() { return test::run_coroutine(loop(), remote().other_head(branch)); }
  git::PushOutcome propose(const std::optional<CommitSha>& there, const CommitSha& onto, const std::string& value) {
    const auto commit = test::new_commit("charts/values.yaml", value, "CHORE(app): update\n\nSlipway-Run: 7\n");
    return test::run_coroutine(loop(), remote().propose(branch, there, onto, {commit}));
  }
  CommitSha proposed(const std::string& value) {
    const CommitSha onto = fetch();
    const auto outcome = propose(seen(), onto, value);
    REQUIRE(std::holds_alternative<git::Landed>(outcome));
    return std::get<git::Landed>(outcome).commits.at(0);
  }
};

}  // namespace

TEST_CASE("a proposal is a branch on the target's head, set anew each time; the target branch stays where it is") {
  Case one;
  const CommitSha first_head = one.fetch();
  CHECK_FALSE(one.seen());
  const CommitSha first = one.proposed("a");
  CHECK(one.seen() == first);
  CHECK(one.repository.log(branch) == std::vector<CommitSha>{first, first_head});
  const CommitSha second_head = one.repository.commit({{"README.md", "by hand\n"}});
  const CommitSha second = one.proposed("b");
  CHECK(one.repository.log(branch) == std::vector<CommitSha>{second, second_head, first_head});
  CHECK(one.repository.head() == second_head);
  CHECK(one.head() == second_head);
}

TEST_CASE("a branch that moved since it was seen, or a target that did, is a race and not overwritten") {
  Case one;
  const CommitSha head = one.fetch();
  const CommitSha ours = one.proposed("a");
  CHECK(std::holds_alternative<git::Raced>(one.propose(std::nullopt, head, "b")));
  CHECK(std::holds_alternative<git::Raced>(one.propose(head, head, "b")));
  CHECK(one.repository.head(branch) == ours);
  one.repository.commit({{"README.md", "by hand\n"}});
  CHECK(std::holds_alternative<git::Raced>(one.propose(ours, head, "b")));
  CHECK(one.repository.head(branch) == ours);
}

TEST_CASE("a race that only the server sees keeps what the other has pushed") {
  Case one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  const CommitSha head = one.fetch();
  const CommitSha ours = one.proposed("a");
  CommitSha theirs;
  proxy.set_judge([&, done = false](const test::SeenRequest& request) mutable {
    test::Fault fault;
    if (!done && request.line.starts_with("POST") && request.line.ends_with("git-receive-pack")) {
      fault.before = [&] { theirs = one.repository.commit({{"x", "theirs"}}, test::CommitOptions(branch)); };
      done = true;
    }
    return fault;
  });
  CHECK(std::holds_alternative<git::Raced>(one.propose(ours, head, "b")));
  CHECK(one.repository.head(branch) == theirs);
}

TEST_CASE("somebody else's commit on the branch is never lost: it is refused by name, until it is merged or deleted") {
  Case one;
  const CommitSha head = one.fetch();
  one.proposed("a");
  const CommitSha theirs =
      one.repository.commit({{"x", "theirs"}}, test::CommitOptions(branch, std::nullopt, "FIX: by hand"));
  CHECK(one.seen() == theirs);
  CHECK_THROWS_AS(one.propose(theirs, head, "b"), Refused);
  CHECK_THROWS_WITH(one.propose(theirs, head, "b"),
                    Catch::Contains("\"FIX: by hand\" by") && Catch::Contains("would be lost"));
  CHECK(one.repository.head(branch) == theirs);
  one.repository.set_branch("main", theirs);  // merged
  one.proposed("b");
  CHECK(one.repository.log(branch).at(1) == theirs);
}

TEST_CASE("the button that merges the target into the branch leaves it slipway's") {
  Case one;
  const CommitSha ours = one.proposed("a");
  const CommitSha head = one.repository.commit({{"README.md", "by hand\n"}});
  using Parents = test::CommitOptions::Parents;
  one.repository.commit({{"README.md", "by hand\n"}},
                        test::CommitOptions(branch, Parents({ours, head}), "Merge branch 'main' into slipway/app"));
  const CommitSha again = one.proposed("b");
  CHECK(one.repository.log(branch).at(0) == again);
  CHECK(one.repository.log(branch).at(1) == head);
}

TEST_CASE("a proposal that a server's hook declines is refused in its words") {
  Case one;
  const CommitSha head = one.fetch();
  one.repository.hook("pre-receive", "#!/bin/sh\necho 'no branches of bots' >&2\nexit 1\n");
  CHECK_THROWS_WITH(one.propose(std::nullopt, head, "a"), Catch::Contains("no branches of bots"));
}

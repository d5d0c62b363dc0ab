#include "trigger/own_commits.hpp"

#include "fixture.hpp"
#include "trigger/explain.hpp"

using namespace slipway;
using test::sha;
using trigger::OwnCommits;

namespace {

const Person slipway_itself("slipway", "slipway@localhost");
const Person developer("Developer", "developer@lumie.example");

std::string message(const std::string& run = "7") {
  return "CHORE(app): update app image to 04758206\n\nSource-Repository: org/mono\nSource-Commit: " +
         std::string(40, 'e') + "\nSlipway-Run: " + run + "\nImage-Digest: sha256:dd\n";
}

/// A hand-off into the repository that the sources are in.
ChangedCommit hand_off(char id, const std::string& file = "app.yaml") {
  ChangedCommit commit;
  commit.id = sha(id);
  commit.message = message();
  commit.author = commit.committer = slipway_itself;
  commit.modified = {file};
  return commit;
}

ChangedCommit change(char id) {
  ChangedCommit commit;
  commit.id = sha(id);
  commit.message = "FEAT: change\n";
  commit.author = commit.committer = developer;
  commit.modified = {"src/main.c"};
  return commit;
}

/// Newest first, the newest is the head.
Push push_of(std::vector<ChangedCommit> commits) {
  Push push = test::push_of("org/mono", {}, 'b');
  push.after = commits.front().id;
  push.total_commits = static_cast<std::int64_t>(commits.size());
  push.commits = std::move(commits);
  return push;
}

std::shared_ptr<const config::Catalogue> mono(const std::string& more = "") {
  return test::catalogue(R"(templates:
  - {name: app, pipeline: p, repository: org/mono, app: app}
triggers:
  - {name: any push, template: app}
)" + more);
}

Verdict judge(const Push& push) {
  return trigger::Matcher(mono()).judge(test::delivery_of(push));
}

}  // namespace

TEST_CASE("a push of slipway's own hand-offs only triggers nothing, and says why") {
  for (const auto& push : {push_of({hand_off('b')}), push_of({hand_off('c'), hand_off('b')})}) {
    const auto verdict = judge(push);
    CHECK(verdict.runs.empty());
    CHECK_FALSE(verdict.pending);
    CHECK_THAT(test::reason_of(verdict, "any push"), Catch::Contains("consists only of slipway's own hand-off commit"));
    const auto explained = trigger::explain(*mono(), test::delivery_of(push));
    REQUIRE(explained.size() == 1);
    CHECK_FALSE(explained[0].matched);
    CHECK(explained[0].reason == test::reason_of(verdict, "any push"));
  }
}

TEST_CASE("a push with one commit of somebody else's triggers as usual, wherever that commit stands") {
  CHECK(test::templates_of(judge(push_of({hand_off('c'), change('b')}))) == std::vector<std::string>{"app"});
  CHECK(test::templates_of(judge(push_of({change('c'), hand_off('b')}))) == std::vector<std::string>{"app"});
}

TEST_CASE("what only looks like a hand-off swallows no push") {
  struct Row {
    std::string what;
    std::function<void(ChangedCommit&)> alter;
  };
  const std::vector<Row> rows{
      {"a copied message under one's own name", [](auto& c) { c.author = c.committer = developer; }},
      {"a cherry-pick or a rebase: another committer", [](auto& c) { c.committer = developer; }},
      {"an amended commit: another author", [](auto& c) { c.author = developer; }},
      {"slipway's name with another address", [](auto& c) { c.committer.email = "x@y"; }},
      {"no trailer", [](auto& c) { c.message = "CHORE(app): update app image to 04758206\n"; }},
      {"the trailer in the middle of a squashed message",
       [](auto& c) { c.message = message() + "\nand my own change\n"; }},
      {"the trailer in the subject", [](auto& c) { c.message = "Slipway-Run: 7"; }},
      {"a run that is no number", [](auto& c) { c.message = message("7a"); }},
      {"another file beside the values", [](auto& c) { c.modified.push_back("src/main.c"); }},
      {"another file instead of the values", [](auto& c) { c.modified = {"other.yaml"}; }},
      {"a new file", [](auto& c) { c.added = {"app.yaml"}, c.modified.clear(); }},
      {"a removed file", [](auto& c) { c.removed = {"Dockerfile"}; }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    auto commit = hand_off('b');
    row.alter(commit);
    CHECK(test::templates_of(judge(push_of({commit}))) == std::vector<std::string>{"app"});
  }
}

TEST_CASE("a payload without its authors is nobody's in particular: it triggers") {
  auto commit = hand_off('b');
  commit.author = commit.committer = Person();
  CHECK(test::templates_of(judge(push_of({commit}))) == std::vector<std::string>{"app"});
}

TEST_CASE("where the payload cannot hold the whole push, nothing runs until Git has said the rest") {
  Push sent = push_of({hand_off('f'), hand_off('e'), hand_off('d'), hand_off('c'), hand_off('b')});
  sent.total_commits = 6;
  const auto delivery = test::delivery_of(sent);
  const trigger::Matcher matcher(mono());
  const auto first = matcher.judge(delivery);
  CHECK(first.runs.empty());
  CHECK(first.pending);
  CHECK_THAT(test::reason_of(first, "any push"), Catch::Contains("Git is asked"));

  Push own = sent, mixed = sent;
  own.commits.push_back(hand_off('1'));
  mixed.commits.push_back(change('1'));
  CHECK(matcher.judge(delivery, own).runs.empty());
  const auto verdict = matcher.judge(delivery, mixed);
  REQUIRE(verdict.runs.size() == 1);
  CHECK(verdict.runs[0].only_when_completed);
}

TEST_CASE("with complete_commits off an incomplete list proves nothing: it triggers") {
  auto text = test::settings;
  text.replace(text.find("git: {"), 6, "git: {complete_commits: false, ");
  auto loaded = config::load_text(text +
                                      "templates: [{name: app, pipeline: p, repository: org/mono, app: app}]\n"
                                      "triggers: [{name: any push, template: app}]\n",
                                  "c.yaml", config::LoadOptions(false));
  REQUIRE(std::holds_alternative<config::Config>(loaded));
  Push sent = push_of({hand_off('b')});
  sent.total_commits = 2;
  const auto verdict = trigger::Matcher(std::get<config::Config>(loaded).catalogue).judge(test::delivery_of(sent));
  CHECK(test::templates_of(verdict) == std::vector<std::string>{"app"});
}

TEST_CASE(
    "the configured identities count, and a values file whose name depends on the run is known by what is around it") {
  const auto catalogue = test::catalogue(R"(templates:
  - {name: any, pipeline: p, repository: org/*, app: $(REPO_NAME), handoff: {values: [{file: apps/$(REPO_NAME)/values.yaml, path: image.tag}]}}
triggers:
  - {name: any push, template: any}
)");
  const trigger::Matcher matcher(catalogue);
  CHECK(matcher.judge(test::delivery_of(push_of({hand_off('b', "apps/mono/values.yaml")}))).runs.empty());
  CHECK(matcher.judge(test::delivery_of(push_of({hand_off('b', "apps/mono/other.yaml")}))).runs.size() == 1);
}

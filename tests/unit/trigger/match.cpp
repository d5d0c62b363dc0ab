#include "trigger/match.hpp"

#include "fixture.hpp"

namespace slipway::trigger {
namespace {

using test::catalogue;
using test::delivery_of;
using test::push_of;
using test::reason_of;
using test::templates_of;
using Names = std::vector<std::string>;

const std::string one = "templates: [{name: t, pipeline: p, repository: Org/r}]\n";

Verdict judge(const std::string& trigger, const Delivery& delivery) {
  return Matcher(catalogue(one + "triggers:\n  - name: a\n    template: t\n" + trigger)).judge(delivery);
}
Verdict judge(const std::string& trigger, Push push) {
  return judge(trigger, delivery_of(std::move(push)));
}

TEST_CASE("a run has the standard parameters, and the address comes from the configuration") {
  const auto verdict = judge("", push_of("Org/r", {"x"}));
  REQUIRE(verdict.runs.size() == 1);
  CHECK(verdict.runs[0].trigger == "a");
  CHECK(verdict.runs[0].parameters == Parameters{{"git-url", "http://git.example.com:3000/Org/r.git"},
                                                 {"git-revision", std::string(40, 'b')},
                                                 {"git-branch", "main"},
                                                 {"repo-name", "r"},
                                                 {"repo-full-name", "Org/r"}});
  CHECK_FALSE(verdict.pending);
  CHECK(verdict.skipped.empty());
}

TEST_CASE("why a repository does not build") {
  struct Row {
    const char* repository;
    const char* trigger;
    const char* reason;
  };
  const auto row = GENERATE(values<Row>(
      {{"Org/other", "", "t builds only Org/r, and this is Org/other"},
       {"Fork/r", "", "t builds only Org/r, and this is Fork/r, another organisation's repository of the same name"},
       {"org/R", "", "t builds only Org/r, and this is org/R: upper and lower case count"},
       {"Org/other", "    repositories: [Org/r]\n", "it looks at Org/r, and this is Org/other"},
       {"Org/R", "    repositories: [Org/r]\n",
        "its repositories have 'Org/r', and this is 'Org/R': upper and lower case count"}}));
  INFO(row.repository);
  const auto verdict = judge(row.trigger, push_of(row.repository, {"x"}));
  CHECK(verdict.runs.empty());
  CHECK(reason_of(verdict, "a") == row.reason);
}

TEST_CASE("paths: any added, modified or removed file counts") {
  const std::string paths = "    paths: [services/grading/, libs/common/, \"!**/*.md\"]\n";
  CHECK(judge(paths, push_of("Org/r", {"libs/common/a.py"})).runs.size() == 1);
  Push removed = push_of("Org/r", {});
  removed.commits[0].removed = {"services/grading/old.py"};
  CHECK(judge(paths, removed).runs.size() == 1);
  const auto docs = judge(paths, push_of("Org/r", {"services/grading/README.md", "x", "y", "z"}));
  CHECK(docs.runs.empty());
  CHECK(reason_of(docs, "a") ==
        "no changed file is in its paths (services/grading/, libs/common/, !**/*.md); changed are: "
        "services/grading/README.md, x, y and 1 more");
}

TEST_CASE("path sets are written once and used by many") {
  const Matcher matcher(catalogue(R"yaml(path_sets: {common: [libs/common/, libs/messaging/]}
templates:
  - {name: t, pipeline: p, repository: Org/r, app: t}
  - {name: u, pipeline: p, repository: Org/r, app: u}
triggers:
  - {name: a, template: t, paths: [services/a/, $common]}
  - {name: b, template: u, paths: [services/b/, $common]}
)yaml"));
  CHECK(templates_of(matcher.judge(delivery_of(push_of("Org/r", {"libs/messaging/x"})))) == Names{"t", "u"});
  CHECK(templates_of(matcher.judge(delivery_of(push_of("Org/r", {"services/b/x"})))) == Names{"u"});
}

TEST_CASE("filters decide, and say why not with the values seen") {
  struct Row {
    const char* filter;
    bool fires;
    std::vector<const char*> says;
  };
  const auto row =
      GENERATE(values<Row>({{"body.repository.name in ['r']", true, {}},
                            {"body.repository.name in ['R']", false, {"body.repository.name in ['R']", "'r'"}},
                            {"body.ref == 'refs/heads/main' && body.repository.name in ['joossam']",
                             false,
                             {"body.repository.name in ['joossam']", "'r'"}},
                            {"body.commits.exists(c, c.modified.exists(f, f.startsWith('x')))", true, {}},
                            {"header.match('X-Gitea-Event', 'push')", true, {}},
                            {"requestURL == '/hooks'", true, {}},
                            {"dyn('true')", false, {}}}));
  INFO(row.filter);
  const auto verdict = judge("    filter: " + std::string("\"") + row.filter + "\"\n", push_of("Org/r", {"x"}));
  CHECK(verdict.runs.size() == (row.fires ? 1u : 0u));
  INFO(reason_of(verdict, "a"));
  for (const char* part : row.says) CHECK_THAT(reason_of(verdict, "a"), Catch::Contains(part));
  if (!row.fires) CHECK_FALSE(verdict.skipped.at(0).error);
}

TEST_CASE("a filter that fails to evaluate is an error, not a no") {
  const auto verdict = judge("    filter: body.nope == 'x'\n", push_of("Org/r", {"x"}));
  REQUIRE(verdict.skipped.size() == 1);
  CHECK(verdict.skipped[0].error);
  CHECK_THAT(verdict.skipped[0].reason, Catch::Contains("no such key"));
}

TEST_CASE("the chain: filters in order, overlays after a filter that passed, each seeing what was before its step") {
  const std::string chain = R"yaml(    interceptors:
      - filter: body.ref.startsWith('refs/heads/main')
        overlays: [{key: branch, expression: "body.ref.split('/')[2]"}, {key: deep.inner, expression: "1 + 1"}]
      - filter: extensions.branch == 'main' && extensions.deep.inner == 2.0
        overlays: [{key: twice, expression: "extensions.branch + '-' + extensions.branch"}]
    bindings: [{name: b, value: "$(extensions.branch)/$(extensions.twice)/$(extensions.deep.inner)"}, {name: e, value: "$(header.X-Gitea-Event)"}]
)yaml";
  const auto verdict = judge(chain, push_of("Org/r", {"x"}));
  REQUIRE(verdict.runs.size() == 1);
  CHECK(verdict.runs[0].parameters.at("b") == "main/main-main/2");
  CHECK(verdict.runs[0].parameters.at("e") == "push");
}

TEST_CASE("an overlay does not see its siblings, and one without a value stops the trigger") {
  const auto sibling = judge("    overlays: [{key: x, expression: \"'1'\"}, {key: y, expression: extensions.x}]\n",
                             push_of("Org/r", {"x"}));
  REQUIRE(sibling.skipped.size() == 1);
  CHECK(sibling.skipped[0].error);
  CHECK_THAT(sibling.skipped[0].reason, Catch::StartsWith("the overlay 'y' has no value"));
  const auto null = judge("    overlays: [{key: x, expression: \"null\"}]\n", push_of("Org/r", {"x"}));
  CHECK(null.skipped.at(0).error);
}

TEST_CASE("bindings: the last of a name wins, a default stands in for what is not there, without one it is an error") {
  const Matcher matcher(catalogue(R"yaml(templates:
  - {name: t, pipeline: p, repository: Org/r, defaults: {pusher: nobody}}
bindings: [{name: set, params: {pusher: $(body.nobody.login), x: "$(body.repository.owner.login)"}}]
triggers:
  - {name: a, template: t, bindings: [{ref: set}, {name: git-branch, value: fixed}]}
  - {name: b, template: t, bindings: [{name: y, value: "$(body.nothing)"}]}
)yaml"));
  const auto verdict = matcher.judge(delivery_of(push_of("Org/r", {"x"})));
  REQUIRE(verdict.runs.size() == 1);
  CHECK(verdict.runs[0].parameters.at("pusher") == "nobody");
  CHECK(verdict.runs[0].parameters.at("x") == "Org");
  CHECK(verdict.runs[0].parameters.at("git-branch") == "fixed");
  CHECK(reason_of(verdict, "b") == "error: the parameter 'y' cannot be bound: there is no body.nothing");
}

TEST_CASE("two triggers of one template make one run") {
  const Matcher matcher(catalogue(one + "triggers: [{name: a, template: t}, {name: b, template: t}]\n"));
  const auto verdict = matcher.judge(delivery_of(push_of("Org/r", {"x"})));
  CHECK(verdict.runs.size() == 1);
  CHECK(reason_of(verdict, "b") == "it matches, but the run of t is made by a already");
}

TEST_CASE("the Lumie catalogue on captured pushes") {
  const Matcher matcher(test::lumie());
  const auto backend = matcher.judge(test::parsed("push-single-backend-05"));
  CHECK(templates_of(backend) == Names{"lumie-backend-build-template"});
  CHECK(backend.skipped.size() == 9);
  CHECK_FALSE(backend.pending);
  CHECK_THAT(reason_of(backend, "github-push-nextjs"), Catch::Contains("body.repository.name in []"));
  CHECK(templates_of(matcher.judge(test::parsed("joossam-fp-1"))) == Names{"fastapi-build-template"});
  CHECK(matcher.judge(test::parsed("push-multi-39-commits")).pending);
  const auto infra = matcher.judge(test::parsed("push-single-infra-01"));
  CHECK(infra.runs.empty());
}

TEST_CASE("the five workers are chosen by path") {
  const Matcher matcher(test::lumie());
  const auto on = [&](std::vector<std::string> files) {
    return templates_of(matcher.judge(delivery_of(push_of("Lumie-Edu/lumie-worker", std::move(files)))));
  };
  CHECK(on({"services/grading/app.py"}) == Names{"lumie-grading-svc-build-template"});
  CHECK(on({"services/temp-omr-grading/app.py"}) == Names{"lumie-temp-omr-grading-build-template"});
  CHECK(on({"services/report/a", "services/chatbot/b"}) ==
        Names{"lumie-report-svc-build-template", "lumie-chatbot-svc-build-template"});
  CHECK(on({"README.md"}).empty());
  CHECK(matcher.judge(delivery_of(push_of("Fork/lumie-worker", {"services/grading/app.py"}))).runs.empty());
}

TEST_CASE("what cannot be the entire truth") {
  struct Row {
    const char* name;
    bool incomplete;
  };
  const auto row = GENERATE(values<Row>({{"push-single-backend-05", false},
                                         {"push-multi-05-commits", false},
                                         {"push-multi-39-commits", true},
                                         {"push-initial-frontend--2-push", true},
                                         {"push-typechange-only", true},
                                         {"push-empty-commit", true},
                                         {"push-chmod-only", false},
                                         {"push-force-main-back", true},
                                         {"pr-merge-rebase-big-8-commits--2-push", true},
                                         {"pr-merge-squash-big-8-commits--2-push", false}}));
  INFO(row.name);
  CHECK(is_incomplete(test::parsed(row.name).push) == row.incomplete);
  Push rewound = push_of("Org/r", {"x"});
  rewound.commits.clear();
  rewound.total_commits = 0;
  CHECK(is_incomplete(rewound));
  CHECK(is_incomplete(push_of("Org/r", {})));
}

TEST_CASE("completed from Git, what the payload alone would have missed is found, and marked") {
  const Matcher matcher(catalogue(R"yaml(templates:
  - {name: t, pipeline: p, repository: Org/r, app: t}
  - {name: u, pipeline: p, repository: Org/r, app: u}
  - {name: v, pipeline: p, repository: Org/r, app: v}
triggers:
  - {name: a, template: t, filter: "body.commits.exists(c, c.modified.exists(f, f.startsWith('seen/')))"}
  - {name: b, template: u, filter: "body.commits.exists(c, c.modified.exists(f, f.startsWith('hidden/')) && c.message == 'old')"}
  - {name: c, template: v, paths: [nowhere/]}
)yaml"));
  Push sent = push_of("Org/r", {"seen/x"});
  sent.total_commits = 2;
  const Delivery delivery = delivery_of(sent);
  const auto first = matcher.judge(delivery);
  CHECK(templates_of(first) == Names{"t"});
  CHECK(first.pending);

  Push completed = sent;
  completed.commits.resize(2);
  completed.commits[1].id = test::sha('c');
  completed.commits[1].message = "old";
  completed.commits[1].modified = {"hidden/y"};
  const auto second = matcher.judge(delivery, completed);
  CHECK(templates_of(second) == Names{"t", "u"});
  CHECK_FALSE(second.pending);
  CHECK_FALSE(second.runs[0].only_when_completed);
  CHECK(second.runs[1].only_when_completed);
  CHECK(second.runs[0].parameters == first.runs[0].parameters);
  CHECK_THAT(reason_of(second, "c"), Catch::Contains("hidden/y"));
}

TEST_CASE("nothing is pending where no trigger looks, or where the configuration wants Tekton's way") {
  Push sent = push_of("Org/elsewhere", {"x"});
  sent.total_commits = 9;
  CHECK_FALSE(judge("", sent).pending);
  CHECK_FALSE(judge("", sent).watched);
  auto loaded = config::load_text(
      "webhook: {secret_files: [s]}\ngit: {base_url: \"http://h\", complete_commits: false}\nregistry: {host: h}\n"
      "handoff: {repository: \"http://h/i.git\"}\n" +
          test::settings.substr(test::settings.find("pipelines:")) + one + "triggers: [{name: a, template: t}]\n",
      "c.yaml", config::LoadOptions(false));
  sent.repository = RepoName("Org/r");
  const auto verdict = Matcher(std::get<config::Config>(loaded).catalogue).judge(delivery_of(sent));
  CHECK(verdict.watched);
  CHECK_FALSE(verdict.pending);
}

TEST_CASE("a synthesized delivery is what Gitea would have sent") {
  Push push = push_of("Org/r", {"latin1-\xe9.txt", "문서"});
  push.commits[0].message = "two\nlines";
  const auto delivery = delivery_of(push);
  CHECK(delivery.source == Source::reconcile);
  RawDelivery raw;
  raw.headers = delivery.headers;
  raw.body = *delivery.body;
  const std::vector<std::string> secrets{"k"};
  const auto read = parse(std::move(*verify(sign(std::move(raw), "k"), secrets)));
  REQUIRE(read);
  const auto& again = std::get<Delivery>(*read);
  CHECK(again.push.after == push.after);
  CHECK(again.push.commits.at(0).modified == std::vector<std::string>{"latin1-\uFFFD.txt", "문서"});
  CHECK(again.id == delivery.id);
}

}  // namespace
}  // namespace slipway::trigger

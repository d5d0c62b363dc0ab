#include "trigger/explain.hpp"

#include <rapidjson/document.h>

#include "fixture.hpp"

namespace slipway::trigger {
namespace {

TEST_CASE("every trigger of the catalogue is explained, in its order") {
  const auto lumie = test::lumie();
  const auto delivery = test::parsed("push-single-backend-05");
  const auto explanations = explain(*lumie, delivery);
  REQUIRE(explanations.size() == 10);
  for (std::size_t i = 0; i < explanations.size(); ++i) CHECK(explanations[i].trigger == lumie->triggers()[i].name);
  const auto& backend = explanations[4];
  CHECK(backend.matched);
  CHECK(backend.image == "applications/lumie-backend:0853eb5c");
  CHECK(backend.values == std::vector<std::string>{"applications/lumie/backend/common-values.yaml: common.image.tag"});
  CHECK(backend.parameters.at("git-revision") == "0853eb5c037c7299d50722bf192fa3ac3ae162c2");
  const auto& fastapi = explanations[1];
  CHECK_FALSE(fastapi.matched);
  CHECK_THAT(fastapi.reason, Catch::Contains("builds only Lumie-Edu/joossam") &&
                                 Catch::Contains("`body.repository.name in ['joossam']` is false"));
}

TEST_CASE("a repository's name in the wrong case is said") {
  const auto catalogue = test::catalogue(
      "templates: [{name: t, pipeline: p, repository: Org/*}]\ntriggers: [{name: a, template: t, filter: "
      "\"body.repository.name in ['joossam']\"}]\n");
  const auto explanations = explain(*catalogue, test::delivery_of(test::push_of("Org/Joossam", {"x"})));
  CHECK_THAT(explanations.at(0).reason, Catch::Contains("`body.repository.name in ['joossam']` is false") &&
                                            Catch::Contains("'Joossam'") && Catch::Contains("did you mean"));
}

TEST_CASE("a match that cannot become a run is an error") {
  const auto catalogue =
      test::catalogue("templates: [{name: t, pipeline: p, repository: Org/*}]\ntriggers: [{name: a, template: t}]\n");
  const auto explanations = explain(*catalogue, test::delivery_of(test::push_of("Org/Upper", {"x"})));
  CHECK(explanations.at(0).error);
  CHECK_THAT(explanations.at(0).reason, Catch::Contains("lower-case"));
}

TEST_CASE("what only the completed push matches is said") {
  const auto catalogue = test::catalogue(
      "templates: [{name: t, pipeline: p, repository: Org/r}]\ntriggers: [{name: a, template: t, paths: [x/]}]\n");
  const auto delivery = test::delivery_of(test::push_of("Org/r", {"y"}));
  const auto explanations = explain(*catalogue, delivery, test::push_of("Org/r", {"x/y"}));
  CHECK(explanations.at(0).only_when_completed);
  CHECK_THAT(explain_text(delivery, explanations), Catch::Contains("the payload alone would have missed this"));
}

TEST_CASE("what the payload cannot decide alone is pending, and says why") {
  const auto catalogue = test::catalogue(
      "templates: [{name: t, pipeline: p, repository: Org/r}, {name: o, pipeline: p, repository: Org/other}]\n"
      "triggers: [{name: in-x, template: t, paths: [x/]}, {name: in-y, template: t, paths: [y/]}, "
      "{name: fails, template: t, filter: \"body.nothing == 1\"}, {name: of-other, template: o}]\n");
  auto push = test::push_of("Org/r", {"y"});
  push.commits[0].modified = {"y/a"};
  push.total_commits = 8;
  const auto delivery = test::delivery_of(push);
  const auto explanations = explain(*catalogue, delivery);
  CHECK(explanations.at(0).undecided == "7 of 8 commits are not listed in the payload");
  CHECK_FALSE(explanations.at(0).matched);
  CHECK(explanations.at(1).matched);
  CHECK(explanations.at(1).undecided.empty());
  CHECK(explanations.at(2).error);
  CHECK_FALSE(explanations.at(2).undecided.empty());
  CHECK(explanations.at(3).undecided.empty());
  const auto text = explain_text(delivery, explanations);
  CHECK_THAT(text, Catch::Contains("pending  in-x\n         undecided, since 7 of 8 commits are not listed in the "
                                   "payload: the daemon completes the list from Git and judges both\n         by the "
                                   "payload alone, no changed file is in its paths (x/)"));
  CHECK_THAT(text, Catch::Contains("ERROR    fails\n") && Catch::Contains("no       of-other\n"));
  rapidjson::Document document;
  document.Parse(explain_json(delivery, explanations));
  CHECK(document["pending"].GetBool());
  CHECK(document["commits"].GetInt64() == 1);
  CHECK(document["total_commits"].GetInt64() == 8);
  CHECK(document["triggers"][0]["pending"].GetBool());
  CHECK(document["triggers"][0]["undecided"] == "7 of 8 commits are not listed in the payload");
  CHECK_FALSE(document["triggers"][1]["pending"].GetBool());
  CHECK(document["triggers"][2]["pending"].GetBool());
  CHECK(document["triggers"][2]["error"].GetBool());
}

TEST_CASE("nothing is pending where Git is not asked, or was") {
  const std::string triggers =
      "templates: [{name: t, pipeline: p, repository: Org/r}]\ntriggers: [{name: a, template: t, paths: [x/]}]\n";
  auto push = test::push_of("Org/r", {"y"});
  push.total_commits = 2;
  const auto delivery = test::delivery_of(push);
  CHECK(explain(*test::catalogue(triggers), delivery, test::push_of("Org/r", {"z"})).at(0).undecided.empty());
  std::string text = test::settings + triggers;
  text.replace(text.find("git: {"), 6, "git: {complete_commits: false, ");
  const auto alone = config::load_text(text, "c.yaml", config::LoadOptions(false));
  CHECK(explain(*std::get<config::Config>(alone).catalogue, delivery).at(0).undecided.empty());
}

TEST_CASE("why a commit list is incomplete") {
  const auto catalogue = test::catalogue(
      "templates: [{name: t, pipeline: p, repository: Org/r}]\ntriggers: [{name: a, template: t, paths: [x/]}]\n");
  const auto why = [&](const Push& push) { return explain(*catalogue, test::delivery_of(push)).at(0).undecided; };
  auto push = test::push_of("Org/r", {"y"});
  CHECK(why(push).empty());
  push.before = test::sha('0');
  CHECK(why(push) == "the branch is new, and the payload does not say all that came with it");
  push = test::push_of("Org/r", {});
  CHECK(why(push) == "a commit in the payload lists no file");
  push.commits[0].id = test::sha('c');
  CHECK(why(push) == "the payload's list does not begin with the pushed commit");
  push.commits.clear();
  push.total_commits = 0;
  CHECK(why(push) == "the payload lists no commit");
}

TEST_CASE("as text and as JSON") {
  const auto lumie = test::lumie();
  const auto delivery = test::parsed("push-single-backend-05");
  const auto explanations = explain(*lumie, delivery);
  const auto text = explain_text(delivery, explanations);
  CHECK_THAT(text, Catch::StartsWith("Lumie-Edu/lumie-backend refs/heads/main bf4f9aa2..0853eb5c, 1 commit in the "
                                     "payload of 1\n\nMATCHED  github-push-lumie-backend"));
  rapidjson::Document document;
  document.Parse(explain_json(delivery, explanations));
  REQUIRE_FALSE(document.HasParseError());
  CHECK(document["triggers"].Size() == 10);
  CHECK(document["triggers"][4]["matched"].GetBool());
  CHECK(std::string(document["triggers"][4]["run"]["parameters"]["repo-name"].GetString()) == "lumie-backend");
}

}  // namespace
}  // namespace slipway::trigger

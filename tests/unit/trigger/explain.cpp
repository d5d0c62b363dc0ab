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

TEST_CASE("a match that can not become a run is an error") {
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

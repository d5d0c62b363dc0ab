#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/show.hpp"

namespace slipway::config {
namespace {

const std::filesystem::path folder = std::filesystem::path(SLIPWAY_SOURCE_DIR) / "config";

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

Config shipped(const char* name) {
  auto loaded = load(folder / name, LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(text(*errors));
  return std::get<Config>(std::move(loaded));
}

TEST_CASE("config/lumie.yaml has the entire catalogue") {
  struct Row {
    std::string trigger, name, pipeline, repository, app, context, image, file;
    int minutes;
    std::string filter;
  };
  const auto slice = [](const std::string& part) {
    return "body.repository.name in ['lumie-worker'] && body.commits.exists(c, c.added.exists(f, "
           "f.startsWith('services/" +
           part + "/')) || c.modified.exists(f, f.startsWith('services/" + part + "/')))";
  };
  const std::vector<Row> rows{
      {"github-push-nextjs", "nextjs-build-template", "nextjs-build-deploy", "Lumie-Edu/*", "$(REPO_NAME)", "./nextjs",
       "web-apps/$(REPO_NAME)", "applications/$(REPO_NAME)/helm-values.yaml", 30, "body.repository.name in []"},
      {"github-push-fastapi", "fastapi-build-template", "fastapi-build-deploy", "Lumie-Edu/joossam", "joossam",
       "./fastapi", "web-apps/joossam", "applications/joossam/helm-values.yaml", 30,
       "body.repository.name in ['joossam']"},
      {"github-push-lumie-document", "lumie-document-build-template", "nextjs-build-deploy", "Lumie-Edu/lumie-document",
       "lumie-document", ".", "web-apps/lumie-document", "applications/lumie/document/helm-values.yaml", 30,
       "body.repository.name in ['lumie-document']"},
      {"github-push-lumie-frontend", "lumie-frontend-build-template", "nextjs-build-deploy", "Lumie-Edu/lumie-frontend",
       "lumie-frontend", ".", "applications/lumie-frontend", "applications/lumie/frontend/common-values.yaml", 30,
       "body.repository.name in ['lumie-frontend']"},
      {"github-push-lumie-backend", "lumie-backend-build-template", "lumie-springboot-build-deploy",
       "Lumie-Edu/lumie-backend", "lumie-backend", ".", "applications/lumie-backend",
       "applications/lumie/backend/common-values.yaml", 45, "body.repository.name in ['lumie-backend']"},
      {"github-push-lumie-grading-svc", "lumie-grading-svc-build-template", "fastapi-build-deploy",
       "Lumie-Edu/lumie-worker", "grading-svc", "./services/grading", "applications/grading-svc",
       "applications/lumie/worker/grading-svc/common-values.yaml", 30, slice("grading")},
      {"github-push-lumie-report-svc", "lumie-report-svc-build-template", "fastapi-build-deploy",
       "Lumie-Edu/lumie-worker", "report-svc", "./services/report", "applications/report-svc",
       "applications/lumie/worker/report-svc/common-values.yaml", 30, slice("report")},
      {"github-push-lumie-analysis-svc", "lumie-analysis-svc-build-template", "fastapi-build-deploy",
       "Lumie-Edu/lumie-worker", "analysis-svc", "./services/analysis", "applications/analysis-svc",
       "applications/lumie/worker/analysis-svc/helm-values.yaml", 30, slice("analysis")},
      {"github-push-lumie-chatbot-svc", "lumie-chatbot-svc-build-template", "fastapi-build-deploy",
       "Lumie-Edu/lumie-worker", "chatbot-svc", "./services/chatbot", "applications/chatbot-svc",
       "applications/lumie/worker/chatbot-svc/common-values.yaml", 30, slice("chatbot")},
      {"github-push-lumie-temp-omr-grading", "lumie-temp-omr-grading-build-template", "fastapi-build-deploy",
       "Lumie-Edu/lumie-worker", "temp-omr-grading", "./services/temp-omr-grading", "applications/temp-omr-grading",
       "applications/lumie/worker/temp-omr-grading/helm-values.yaml", 30, slice("temp-omr-grading")}};
  const auto config = shipped("lumie.yaml");
  const Catalogue& catalogue = *config.catalogue;
  REQUIRE(catalogue.templates().size() == rows.size());
  REQUIRE(catalogue.triggers().size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    INFO(row.trigger);
    const Trigger& trigger = catalogue.triggers()[i];
    CHECK(trigger.name == row.trigger);
    CHECK(trigger.template_name.value() == row.name);
    REQUIRE(trigger.interceptors.size() == 1);
    CHECK(trigger.interceptors[0].text == row.filter);
    CHECK(trigger.paths.empty());
    CHECK(trigger.bindings.size() == 5);
    const Template* one = catalogue.find(TemplateName(row.name));
    REQUIRE(one != nullptr);
    CHECK(one->pipeline.value() == row.pipeline);
    CHECK(one->repository.value() == row.repository);
    CHECK(one->app == row.app);
    CHECK(one->build.context == row.context);
    CHECK(one->build.dockerfile == "Dockerfile");
    CHECK(one->build.image == row.image);
    REQUIRE(one->values.size() == 1);
    CHECK(one->values[0].file == row.file);
    CHECK(one->values[0].path == "common.image.tag");
    CHECK(one->values[0].value == "$(IMAGE_TAG)");
    CHECK(one->timeout == std::chrono::minutes(row.minutes));
    CHECK(one->delete_on_success);
    CHECK(one->check.has_value());
  }
  const Settings& settings = config.settings;
  CHECK(settings.git.base_url == "http://gitea-http.gitea.svc.cluster.local:3000");
  CHECK(settings.handoff.repository_url == "http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra.git");
  CHECK(settings.handoff.message == "CHORE(app): update $(APP) image to $(IMAGE_TAG)");
  CHECK(settings.handoff.attempts == 5);
  CHECK(settings.registry.host == "zot.lumie-infra.com");
  CHECK_FALSE(settings.git.insecure);
  CHECK_FALSE(settings.registry.insecure);
  CHECK(settings.queue.memory_budget == 16ull << 30);
  CHECK(settings.queue.clean_every == std::chrono::hours(2));
  CHECK(settings.queue.keep_finished == std::chrono::hours(1));
  CHECK(settings.git.complete_commits);
}

TEST_CASE("the six pipelines of the catalogue are part of the program") {
  const auto config = shipped("lumie.yaml");
  for (const char* name : {"lumie-springboot-build-deploy", "springboot-build-deploy", "nextjs-build-deploy",
                           "fastapi-build-deploy", "python-build-deploy", "react-build-deploy"}) {
    INFO(name);
    CHECK(show(config, "pipelines", name, ShowFormat::yaml));
  }
}

TEST_CASE("config/demo.yaml is the embedded demo on loopback") {
  const auto config = shipped("demo.yaml");
  CHECK(config.settings.git.insecure);
  CHECK(config.settings.registry.insecure);
  CHECK(config.settings.handoff.insecure);
  CHECK(config.settings.webhook.listen.host == "127.0.0.1");
  REQUIRE(config.catalogue->triggers().size() == 1);
  CHECK(config.catalogue->watched_repositories() == std::vector<RepoName>{RepoName("Lumie-Edu/lumie-backend")});
}

/// A YAML file as an editor sees it: plain numbers and booleans have their types.
rapidjson::Value as_json(const YAML::Node& node, rapidjson::Document::AllocatorType& memory) {
  if (node.IsMap()) {
    rapidjson::Value object(rapidjson::kObjectType);
    for (const auto& member : node)
      object.AddMember(rapidjson::Value(member.first.Scalar(), memory), as_json(member.second, memory), memory);
    return object;
  }
  if (node.IsSequence()) {
    rapidjson::Value list(rapidjson::kArrayType);
    for (const YAML::Node& element : node) list.PushBack(as_json(element, memory), memory);
    return list;
  }
  if (node.IsNull()) return rapidjson::Value();
  if (node.Tag() != "!") {
    std::int64_t number = 0;
    bool flag = false;
    if (node.Scalar() == "true" || node.Scalar() == "false")
      return rapidjson::Value(YAML::convert<bool>::decode(node, flag) && flag);
    if (YAML::convert<std::int64_t>::decode(node, number)) return rapidjson::Value(number);
  }
  return rapidjson::Value(node.Scalar(), memory);
}

std::string complaint(const std::string& yaml) {
  rapidjson::Document schema, document;
  schema.Parse(json_schema());
  REQUIRE_FALSE(schema.HasParseError());
  const rapidjson::SchemaDocument compiled(schema);
  document.CopyFrom(as_json(YAML::Load(yaml), document.GetAllocator()), document.GetAllocator());
  rapidjson::SchemaValidator validator(compiled);
  if (document.Accept(validator)) return "";
  rapidjson::StringBuffer where;
  validator.GetInvalidDocumentPointer().StringifyUriFragment(where);
  return std::string(where.GetString()) + " " + validator.GetInvalidSchemaKeyword();
}

TEST_CASE("the schema accepts the shipped configurations, and every shipped pipeline") {
  CHECK(complaint(read(folder / "lumie.yaml")) == "");
  CHECK(complaint(read(folder / "demo.yaml")) == "");
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path() / "pipelines")) {
    if (entry.path().extension() != ".yaml") continue;
    std::string indented;
    std::istringstream lines(read(entry.path()));
    for (std::string line; std::getline(lines, line);) indented += (indented.empty() ? "  - " : "    ") + line + "\n";
    all += indented;
  }
  CHECK(complaint(read(folder / "demo.yaml").substr(0, read(folder / "demo.yaml").find("pipelines:")) + "pipelines:\n" +
                  all) == "");
}

TEST_CASE("the schema refuses what the parser refuses") {
  const std::string good = read(folder / "lumie.yaml");
  struct Row {
    const char* name;
    std::string yaml;
    std::string where;
  };
  const auto row = GENERATE_REF(
      values<Row>({{"unknown key", good + "shadw: true\n", "#/shadw additionalProperties"},
                   {"wrong type", good + "shadow: 5\n", "#/shadow anyOf"},
                   {"not one of", good + "builder: {kind: docker}\n", "#/builder/kind anyOf"},
                   {"not one of another", good + "operator: {}\nbuilder: {cache: 5}\n", "#/builder/cache anyOf"},
                   {"missing", "webhook: {secret_files: [a]}\n", "# required"}}));
  INFO(row.name);
  CHECK_THAT(complaint(row.yaml), Catch::StartsWith(row.where));
}

TEST_CASE("config/schema.json is the schema of this program") {
  if (std::getenv("SLIPWAY_UPDATE") != nullptr) std::ofstream(folder / "schema.json") << json_schema();
  CHECK(read(folder / "schema.json") == json_schema());
}

TEST_CASE("the reference in config/README.md is that of this program") {
  const std::string mark = "<!-- generated: SLIPWAY_UPDATE=1 unit_config -->\n";
  const auto page = read(folder / "README.md");
  const auto at = page.find(mark);
  REQUIRE(at != std::string::npos);
  const auto wanted = page.substr(0, at) + mark + "\n" + reference();
  if (std::getenv("SLIPWAY_UPDATE") != nullptr) std::ofstream(folder / "README.md") << wanted;
  CHECK(read(folder / "README.md") == wanted);
}

TEST_CASE("what a configuration means is shown as a table, YAML and JSON") {
  const auto config = shipped("lumie.yaml");
  const auto table = show(config, "triggers", "", ShowFormat::table);
  REQUIRE(table);
  CHECK_THAT(*table, Catch::StartsWith("NAME ") && Catch::Contains("github-push-lumie-grading-svc   "));
  for (const char* kind : {"listener", "triggers", "templates", "pipelines"}) {
    const auto yaml = show(config, kind, "", ShowFormat::yaml);
    const auto json = show(config, kind, "", ShowFormat::json);
    REQUIRE(yaml);
    REQUIRE(json);
    rapidjson::Document document;
    document.Parse(*json);
    REQUIRE(document.IsArray());
    const auto node = YAML::Load(*yaml);
    REQUIRE(node.size() == document.Size());
    for (rapidjson::SizeType i = 0; i < document.Size(); ++i)
      CHECK(node[i]["name"].Scalar() == document[i]["name"].GetString());
  }
  const auto one = show(config, "templates", "lumie-backend-build-template", ShowFormat::yaml);
  REQUIRE(one);
  CHECK(YAML::Load(*one)["handoff"]["values"][0]["file"].Scalar() == "applications/lumie/backend/common-values.yaml");
  const auto typo = show(config, "templates", "lumie-bakend-build-template", ShowFormat::yaml);
  REQUIRE_FALSE(typo);
  CHECK_THAT(typo.error().text(), Catch::Contains("did you mean \"lumie-backend-build-template\"?"));
  CHECK_FALSE(show(config, "tigers", "", ShowFormat::table));
}

}  // namespace
}  // namespace slipway::config

#include "trigger/import_tekton.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <fstream>

#include "cel/json.hpp"
#include "cel/program.hpp"
#include "fixture.hpp"
#include "support/tmp_dir.hpp"
#include "trigger/tekton_manifests.hpp"

namespace slipway::trigger {
namespace {

using Paths = std::vector<std::filesystem::path>;

const std::filesystem::path own = std::filesystem::path(SLIPWAY_SOURCE_DIR) / "tests/data/tekton";

config::Config load(const std::string& text) {
  auto loaded = config::load_text(text, "slipway.yaml", config::LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<config::Config>(std::move(loaded));
}

/// What these manifests become.
auto imported(const std::string& yaml) {
  const slipway::test::TmpDir folder;
  std::ofstream(folder / "listener.yaml") << yaml;
  return import_tekton(Paths{folder.path()});
}

/// The filters of an EventListener's triggers, by trigger, read without the importer.
std::map<std::string, std::vector<std::string>> original_filters(const Paths& folders) {
  const auto manifests = read_manifests(folders);
  REQUIRE(manifests);
  std::map<std::string, std::vector<std::string>> filters;
  for (const auto& listener : manifests->listeners) {
    for (const auto& trigger : listener["spec"]["triggers"]) {
      if (!trigger["name"]) continue;
      auto& chain = filters[trigger["name"].Scalar()];
      for (const auto& interceptor : trigger["interceptors"]) {
        if (interceptor["cel"]) chain.push_back(interceptor["cel"]["filter"].Scalar());
        for (const auto& param : interceptor["params"]) {
          if (param["name"].Scalar() == "filter") chain.push_back(param["value"].Scalar());
        }
      }
    }
  }
  return filters;
}

bool original_fires(const std::vector<std::string>& chain, const Delivery& delivery) {
  const auto body = cel::parse_body(*delivery.body);
  REQUIRE(body);
  cel::Bindings bindings;
  bindings.body = &*body;
  cel::HeaderMap header;
  for (const auto& [name, value] : delivery.headers) header[std::string(name)].emplace_back(value);
  bindings.header = &header;
  for (const auto& filter : chain) {
    const auto program = cel::Program::compile(filter);
    REQUIRE(program);
    const auto verdict = program->test(bindings);
    if (!verdict || !*verdict) return false;
  }
  return true;
}

std::vector<Delivery> pushes() {
  std::vector<Delivery> all{test::parsed("push-single-backend-05"),      test::parsed("push-single-backend-04"),
                            test::parsed("push-rename-across-services"), test::parsed("joossam-fp-1"),
                            test::parsed("push-multi-05-commits"),       test::parsed("push-korean-emoji")};
  const std::vector<std::string> repositories{"Lumie-Edu/lumie-backend",
                                              "Lumie-Edu/lumie-ai",
                                              "Lumie-Edu/lumie-worker",
                                              "Lumie-Edu/lumie-frontend",
                                              "Lumie-Edu/joossam",
                                              "Org/api",
                                              "Org/web"};
  const std::vector<std::string> files{"services/grading/a.py",
                                       "services/core/exam-svc/X.java",
                                       "libs/common/A.java",
                                       "libs/messaging/M.java",
                                       "libs/grpc-api/x.proto",
                                       "services/support/file-svc/F.java",
                                       "services/report/r",
                                       "services/audio/a",
                                       "services/analysis/a",
                                       "README.md",
                                       "src/abc",
                                       "src/abc,"};
  for (const auto& repository : repositories) {
    for (const auto& file : files) {
      Push modified = test::push_of(repository, {file}), added = modified, removed = modified;
      added.commits[0].modified.clear();
      added.commits[0].added = {file};
      removed.commits[0].modified.clear();
      removed.commits[0].removed = {file};
      for (auto& push : {modified, added, removed}) all.push_back(test::delivery_of(push));
    }
  }
  return all;
}

void check_same_decisions(const Paths& folders, const std::shared_ptr<const config::Catalogue>& catalogue,
                          const std::vector<std::string>& left_out) {
  auto filters = original_filters(folders);
  for (const auto& name : left_out) filters.erase(name);
  const Matcher matcher(catalogue);
  std::size_t fired = 0;
  for (const auto& delivery : pushes()) {
    const auto verdict = matcher.judge(delivery);
    for (const auto& [name, chain] : filters) {
      INFO(name << " on " << delivery.push.repository.value());
      const bool fires = std::any_of(verdict.runs.begin(), verdict.runs.end(),
                                     [&](const RunRequest& run) { return run.trigger == name; });
      CHECK(fires == original_fires(chain, delivery));
      fired += fires;
    }
  }
  CHECK(fired > 0);
}

TEST_CASE("manifests become a configuration that decides the same") {
  const Paths folders{own};
  const auto text = import_tekton(folders);
  REQUIRE(text);
  INFO(*text);
  const auto config = load(*text);
  check_same_decisions(folders, config.catalogue, {"chat", "nowhere"});

  const Settings& settings = config.settings;
  CHECK(settings.webhook.secret_files.at(0) == "/etc/slipway/secrets/hook/token");
  CHECK(settings.git.base_url == "http://git.example.com:3000");
  CHECK(settings.git.username_file == std::filesystem::path("/etc/slipway/secrets/git-login/username"));
  CHECK(settings.handoff.repository_url == "http://git.example.com:3000/org/infra.git");
  CHECK(settings.registry.host == "registry.example.com");
  CHECK(settings.registry.auth_file == std::filesystem::path("/etc/slipway/secrets/registry-login/.dockerconfigjson"));
  CHECK(settings.queue.memory_budget == 8ull << 30);

  const auto verdict = Matcher(config.catalogue).judge(test::delivery_of(test::push_of("Org/api", {"src/abc"})));
  REQUIRE(verdict.runs.size() == 2);
  CHECK(verdict.runs[0].parameters.at("extra") == "main");
  CHECK(verdict.runs[0].parameters.at("git-url") == "http://git.example.com:3000/Org/api.git");
  const auto made = config.catalogue->resolve(verdict.runs[0], test::push_of("Org/api", {}));
  REQUIRE(made);
  CHECK(made->app == "api");
  CHECK(made->build.image == "apps/api");
  CHECK(made->build.context == "./api");
  CHECK(made->timeout == std::chrono::hours(1));
  CHECK(made->delete_on_success);
  CHECK(made->values.at(0).file == "apps/api/values.yaml");
  CHECK(made->values.at(0).path == ".common.image.tag");
  CHECK(config.catalogue->find(TemplateName("web-template"))->values.empty());
}

TEST_CASE("there is a comment at everything that could not be carried over") {
  const Paths folders{own};
  const auto text = import_tekton(folders);
  REQUIRE(text);
  for (const char* comment :
       {"# EventListener listener: `namespaceSelector` is not carried over",
        "# event type pull_request: slipway receives push events only",
        "# NOT CARRIED OVER: trigger chat has an interceptor",
        "# NOT CARRIED OVER: trigger nowhere has the TriggerTemplate 'gone-template'",
        "# there is no TriggerBinding gone", "# NOT CARRIED OVER: a further TaskRun",
        "# TriggerTemplate unused-template is used by no trigger", "# NOT CARRIED OVER: task lint (linter)",
        "# BUILD_ARGS $(params.args) was one string", "# the parameter colour = blue is not carried over",
        "ConfigMap other", "# was $(body.repository.clone_url)"}) {
    INFO(comment);
    CHECK(text->find(comment) != std::string::npos);
  }
}

TEST_CASE("what older manifests and careless ones have in them") {
  const auto text = imported(R"yaml(
kind: EventListener
metadata: {name: l}
spec:
  triggers:
    - name: one
      interceptors:
        - github: {secretRef: {secretName: hook, secretKey: key}, eventTypes: [push]}
        - cel: {filter: "body.ref == 'refs/heads/main'", overlays: [{key: x, expression: "'a, \"b\"'"}]}
      template: {ref: t}
    - {name: one, template: {ref: t}}
    - name: wrong
      interceptors: [{cel: {filter: "body.ref =="}}]
      template: {ref: t}
    - name: others
      interceptors: [{ref: {name: github}, params: [{name: eventTypes, value: [pull_request]}]}]
      template: {ref: t}
    - name: own
      template: {spec: {params: [{name: rev}], resourcetemplates: [{kind: PipelineRun, spec: {pipelineRef: {name: p}, params: [{name: app, value: own}]}}]}}
---
kind: TriggerTemplate
metadata: {name: t}
spec:
  resourcetemplates:
    - {kind: PipelineRun, spec: {pipelineRef: {name: p}, params: [{name: git-revision, value: x}]}}
---
kind: Pipeline
metadata: {name: p}
spec:
  params: [{name: app, default: app}]
  tasks: [{name: build, params: [{name: IMAGE, value: apps/$(params.app)}]}, {name: up, params: [{name: VALUES_FILE_PATH, value: a.yaml}]}]
)yaml");
  REQUIRE(text);
  INFO(*text);
  const auto config = load(*text);
  std::vector<std::string> names;
  for (const auto& trigger : config.catalogue->triggers()) names.push_back(trigger.name + " " + trigger.template_name.value());
  CHECK(names == std::vector<std::string>{"one t", "one-2 t", "own own"});
  CHECK(config.settings.webhook.secret_files.at(0) == "/etc/slipway/secrets/hook/key");
  CHECK(config.catalogue->triggers()[0].interceptors.at(0).overlays.at(0).expression->source() == "'a, \"b\"'");
  for (const char* comment : {"# a second trigger one", "# NOT CARRIED OVER: trigger wrong", "an error for every event: Syntax error",
                              "# NOT CARRIED OVER: trigger others"}) {
    INFO(comment);
    CHECK(text->find(comment) != std::string::npos);
  }
}

TEST_CASE("what is imported without its pipeline, or can never fire, is said once and where it stands") {
  const auto text = imported(R"yaml(
kind: EventListener
metadata: {name: l}
spec:
  triggers:
    - name: develop
      interceptors: [{cel: {filter: "body.repository.name == 'x' && (body.ref == 'refs/heads/develop')"}}]
      template: {ref: t}
    - name: release
      interceptors: [{cel: {filter: "body.ref.startsWith('refs/heads/release/') || body.ref in ['refs/heads/a']"}}]
      template: {ref: t}
    - name: any
      interceptors: [{cel: {filter: "(body.ref == 'refs/heads/develop' || has(extensions.x)) && body.ref != 'refs/heads/develop'"}}]
      template: {ref: t}
    - name: number
      interceptors: [{cel: {filter: "1"}}]
      template: {ref: t}
---
kind: TriggerTemplate
metadata: {name: t}
spec:
  params: [{name: rev, default: x}]
  resourcetemplates:
    - {kind: PipelineRun, spec: {pipelineRef: {name: absent}, params: [{name: rev, value: $(tt.params.rev)}]}}
)yaml");
  REQUIRE(text);
  INFO(*text);
  CHECK_THAT(*text, Catch::Contains("there is no pipeline 'absent'"));
  CHECK_THAT(*text, Catch::Contains("params:\n      rev: $(tt.params.rev)\n"));
  CHECK_THAT(*text, Catch::Contains("# NOT CARRIED OVER: trigger number"));
  CHECK_THAT(*text, Catch::Contains("always int"));
  for (const char* wrong : {"there is no template", "rev = $(tt.params.rev) is not carried over"}) {
    INFO(wrong);
    CHECK(text->find(wrong) == std::string::npos);
  }
  const std::string never = "      # slipway builds refs/heads/main only: this can never match\n      - filter: ";
  for (const auto& [name, said] : {std::pair("develop", true), std::pair("release", true), std::pair("any", false)}) {
    INFO(name);
    const auto at = text->find(fmt::format("  - name: {}\n", name));
    REQUIRE(at != std::string::npos);
    const auto chain = text->find("interceptors:\n", at) + 14;
    CHECK(text->substr(chain, never.size()).ends_with(never) == said);
  }
}

TEST_CASE("triggers that bind different values to one TriggerTemplate get a template each") {
  const auto trigger = [](const std::string& name, const std::string& bindings) {
    const std::string filter = "body.repository.name == 'mono' && body.commits.exists(c, c.modified.exists(f, f.startsWith('" + name + "/')))";
    return "    - {name: " + name + ", interceptors: [{cel: {filter: \"" + filter +
           "\", overlays: [{key: k, expression: \"body.ref\"}]}}], template: {ref: shared}, bindings: [{name: rev, value: $(body.after)}, " + bindings + "]}\n";
  };
  const auto listener = [](const std::string& triggers) {
    return "kind: EventListener\nmetadata: {name: l}\nspec:\n  triggers:\n" + triggers + R"yaml(
---
kind: TriggerBinding
metadata: {name: web-set}
spec: {params: [{name: app, value: web}]}
---
kind: TriggerTemplate
metadata: {name: shared}
spec:
  params: [{name: app}, {name: rev}, {name: by, default: nobody}]
  resourcetemplates:
    - kind: PipelineRun
      spec:
        pipelineRef: {name: p}
        params: [{name: app, value: $(tt.params.app)}, {name: file, value: apps/$(tt.params.app)/values.yaml}, {name: by, value: $(tt.params.by)}]
---
kind: Pipeline
metadata: {name: p}
spec:
  params: [{name: app}, {name: file}, {name: by}]
  tasks:
    - {name: build, params: [{name: IMAGE, value: apps/$(params.app)}]}
    - {name: up, params: [{name: VALUES_FILE_PATH, value: $(params.file)}, {name: APP_NAME, value: $(params.app)}]}
)yaml";
  };
  const auto names = [](const config::Config& config) {
    std::vector<std::string> all;
    for (const auto& one : config.catalogue->triggers()) all.push_back(one.name + " " + one.template_name.value());
    return all;
  };

  const auto apart = imported(listener(trigger("web", "{name: app, value: web}") + trigger("api", "{name: app, value: api}") +
                                       trigger("style", "{ref: web-set}, {name: by, value: me}")));
  REQUIRE(apart);
  INFO(*apart);
  CHECK_THAT(*apart, !Catch::Contains("TO BE MENDED"));
  CHECK_THAT(*apart, Catch::Contains("# TriggerTemplate shared: its triggers bind different values, and slipway makes one run of a template; "
                                     "it has become shared-web, shared-api\n"));
  const auto config = load(*apart);
  CHECK(names(config) == std::vector<std::string>{"web shared-web", "api shared-api", "style shared-web"});
  const auto verdict = Matcher(config.catalogue).judge(test::delivery_of(test::push_of("Org/mono", {"web/a", "api/a"})));
  REQUIRE(verdict.runs.size() == 2);
  const auto api = config.catalogue->resolve(verdict.runs[1], test::push_of("Org/mono", {}));
  REQUIRE(api);
  CHECK(api->app == "api");
  CHECK(api->values.at(0).file == "apps/api/values.yaml");
  CHECK(config.catalogue->find(TemplateName("shared-web"))->build.image == "apps/web");

  for (const char* same : {"{name: app, value: web}", "{name: app, value: $(body.repository.name)}", "{name: app, value: $(extensions.k)}"}) {
    const auto alike = imported(listener(trigger("web", same) + trigger("api", same)));
    REQUIRE(alike);
    INFO(*alike);
    CHECK(names(load(*alike)) == std::vector<std::string>{"web shared", "api shared"});
  }
}

TEST_CASE("what cannot be imported is an error with its place") {
  CHECK_THAT(import_tekton(Paths{"/nowhere"}).error().text(), Catch::Contains("/nowhere"));
  CHECK_THAT(import_tekton(Paths{std::filesystem::path(SLIPWAY_SOURCE_DIR) / "config"}).error().text(),
             Catch::Contains("no EventListener"));
}

TEST_CASE("a real team's manifests, where they are present") {
  const Paths folders{std::filesystem::path(SLIPWAY_SOURCE_DIR) / "../shared/tekton-manifests"};
  if (!std::filesystem::exists(folders[0])) {
    WARN("the manifests are not here");
    return;
  }
  const auto text = import_tekton(folders);
  REQUIRE(text);
  CHECK(text->find("TO BE MENDED") == std::string::npos);
  const auto config = load(*text);
  CHECK(config.catalogue->triggers().size() == 18);
  check_same_decisions(folders, config.catalogue, {});
}

}  // namespace
}  // namespace slipway::trigger

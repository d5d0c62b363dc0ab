#include "config/load.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace slipway::config {
namespace {

const std::string settings = R"(webhook: {secret_files: [secret]}
git: {base_url: "https://git.example.com"}
registry: {host: registry.example.com}
handoff: {repository: "https://git.example.com/org/infra.git"}
)";

const std::string pipeline = R"(pipelines:
  - name: p
    params: [{name: dir, default: .}, {name: mode, default: blocking}]
    stages:
      - check: {name: c, image: i, command: [true], mode: $(params.mode)}
      - build: {context: $(params.dir), image: apps/$(APP)}
)";

const std::string one_template = R"(templates:
  - {name: t, pipeline: p, repository: Org/r}
)";

Loaded read(const std::string& text) {
  return load_text(text, "c.yaml", LoadOptions(false));
}

std::vector<Error> errors_of(const std::string& text) {
  const auto loaded = read(text);
  const auto* errors = std::get_if<std::vector<Error>>(&loaded);
  return errors == nullptr ? std::vector<Error>() : *errors;
}

Config good(const std::string& text) {
  auto loaded = read(text);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<Config>(std::move(loaded));
}

TEST_CASE("the least configuration has the defaults") {
  const auto config = good(settings);
  CHECK(config.settings.webhook.listen.port == 8080);
  CHECK(config.settings.webhook.path == "/hooks");
  CHECK(config.settings.webhook.max_body == 32ull << 20);
  CHECK(config.settings.operator_api.listen.host == "127.0.0.1");
  CHECK(config.settings.git.complete_commits);
  CHECK(config.settings.git.complete_limit == 1000);
  CHECK(config.settings.handoff.attempts == 5);
  CHECK(config.settings.webhook.secret_files.at(0) == "secret");
  CHECK(config.catalogue->pipelines().size() >= 1);
  CHECK(config.catalogue->triggers().empty());
}

TEST_CASE("every key of the settings arrives") {
  const auto config = good(R"yaml(
webhook: {listen: "[::1]:0", path: /h, secret_files: [/a, b], max_body: 1MiB, max_in_flight: 8Mi, max_connections: 7, read_timeout: 5s, idle_timeout: 6s}
operator: {listen: "0.0.0.0:81", token_file: /t}
log: {format: json, level: debug}
state: state
git: {base_url: "http://h:3000/", username_file: /u, password_file: /p, insecure: true, timeout: 1m, complete_commits: false, complete_limit: 10}
registry: {host: "h:5000", auth_file: /auth, insecure: true, timeout: 2m}
handoff:
  repository: http://h/o/i.git
  branch: trunk
  message: "x $(APP)"
  author: {name: A, email: a@b}
  committer: {name: C, email: c@d}
  signing: ssh
  signing_key: /k
  paths: ["apps/**"]
  attempts: 3
  gather: 1500ms
  infrastructure_patience: 2h
  timeout: 9s
  mode: pull_request
  api_url: http://h/api
  drift: {mode: block, same: [[a, b], [c]], applications: [app.yaml, "https://h/app.yaml"]}
queue: {max_concurrent: 4, memory_budget: 16Gi, default_memory: 1Mi, reconcile_every: 1m, drain_limit: 1s, retries: 2, retry_base: 3s, retry_limit: 4s,
        clean_every: 2h, keep_finished: 1h, keep_failed: 2d, delete_grace: 1m, keep_last: 9, keep_deliveries: 3d, max_log: 1Mi}
builder: {kind: kaniko, program: /b, isolation: chroot, storage_driver: vfs, cache: registry, extra_arguments: [--x], check_mounts: ["/a:/b:ro"]}
secrets: {npm: /n}
shadow: true
)yaml");
  const Settings& s = config.settings;
  CHECK(s.webhook.listen.host == "::1");
  CHECK(s.webhook.listen.port == 0);
  CHECK(s.webhook.secret_files == std::vector<std::filesystem::path>{"/a", "b"});
  CHECK(s.webhook.max_connections == 7);
  CHECK(s.operator_api.token_file == std::filesystem::path("/t"));
  CHECK(s.log.format == LogFormat::json);
  CHECK(s.log.level == LogLevel::debug);
  CHECK(s.state == "state");
  CHECK(s.git.base_url == "http://h:3000");
  CHECK(s.git.insecure);
  CHECK_FALSE(s.git.complete_commits);
  CHECK(s.registry.timeout == std::chrono::minutes(2));
  CHECK(s.handoff.author.email == "a@b");
  CHECK(s.handoff.committer.name == "C");
  CHECK(s.handoff.signing == Signing::ssh);
  CHECK(s.handoff.gather == std::chrono::milliseconds(1500));
  CHECK(s.handoff.patience == std::chrono::hours(2));
  CHECK(s.handoff.mode == HandoffMode::pull_request);
  CHECK(s.handoff.drift == DriftReaction::block);
  CHECK(s.handoff.same_addresses == std::vector<std::vector<std::string>>{{"a", "b"}, {"c"}});
  CHECK(s.handoff.applications == std::vector<std::string>{"app.yaml", "https://h/app.yaml"});
  CHECK(s.queue.memory_budget == 16ull << 30);
  CHECK(s.queue.keep_last == 9);
  CHECK(s.builder.kind == BuilderKind::kaniko);
  CHECK(s.builder.cache == CacheKind::registry);
  CHECK(s.builder.check_mounts.at(0) == "/a:/b:ro");
  CHECK(s.shadow);
}

TEST_CASE("`drift: block` is short for its mode, and a flat list of addresses is one group") {
  const std::string begin =
      settings.substr(0, settings.find("handoff")) + "handoff:\n  repository: https://h/o/i.git\n  drift: ";
  CHECK(good(begin + "block\n").settings.handoff.drift == DriftReaction::block);
  CHECK(good(begin + "{same: [a, b]}\n").settings.handoff.same_addresses ==
        std::vector<std::vector<std::string>>{{"a", "b"}});
}

TEST_CASE("what is wrong is said with its place") {
  struct Row {
    const char* name;
    std::string text;
    int line, column;
    const char* what;
  };
  const std::string base = settings + pipeline;  // 4 + 6 lines
  const auto row = GENERATE_REF(values<Row>({
      {"no YAML", "a: [\n", 2, 1, "this is no YAML"},
      {"a list", "- a\n", 1, 1, "expected a mapping"},
      {"empty", "", 1, 1, "expected a mapping"},
      {"two documents", settings + "---\na: 1\n", 6, 1, "a second document"},
      {"unknown key", settings + "webhok: {}\n", 5, 1, "has no key 'webhok' (did you mean \"webhook\"?)"},
      {"unknown inner key", settings + "queue: {max_concurent: 1}\n", 5, 9, "`queue` has no key 'max_concurent'"},
      {"key twice", settings + "shadow: true\nshadow: false\n", 6, 1, "a second time"},
      {"missing section", "webhook: {secret_files: [a]}\n", 1, 1, "needs the key 'git'"},
      {"missing key", settings + "secrets: {}\noperator: {listen: 1}\n", 6, 20, "'1' is no address to listen on"},
      {"port", settings + "operator: {listen: \"h:65536\"}\n", 5, 20, "is no address"},
      {"duration", settings + "queue: {retry_base: 10}\n", 5, 21, "'10' is no duration"},
      {"duration out of range", settings + "queue: {retry_base: 2d}\n", 5, 21, "'2d' is no duration from 1s to 1d"},
      {"size", settings + "queue: {max_log: 8 Mi}\n", 5, 18, "is no size of at least 1Ki"},
      {"whole number", settings + "queue: {max_concurrent: 0}\n", 5, 25, "'0' is no whole number from 1 to 1000"},
      {"not a number", settings + "queue: {max_concurrent: two}\n", 5, 25, "'two' is no whole number"},
      {"boolean", settings + "shadow: yes\n", 5, 9, "'yes' is no boolean"},
      {"one of", settings + "builder: {kind: bildah}\n", 5, 17,
       "'bildah' is none of buildah, kaniko, buildctl (did you mean \"buildah\"?)"},
      {"list for a value", settings + "state: [a]\n", 5, 8, "expected one value, found a list"},
      {"value for a mapping", settings + "queue: 5\n", 5, 8, "expected a mapping with the keys of `queue`"},
      {"value for a list", settings + "triggers: 5\n", 5, 11, "expected a list"},
      {"null value", settings + "state:\n", 5, 1, "there is no value"},
      {"address with a password", settings + "handoff2: 1\n", 5, 1, "has no key 'handoff2'"},
      {"half a login",
       "git: {base_url: \"https://h\", username_file: u}\n" + settings.substr(0, settings.find("git")) +
           settings.substr(settings.find("registry")),
       1, 45, "go together"},
      {"half a mirror's login",
       settings.substr(0, settings.find("handoff")) +
           "handoff: {repository: \"https://h/a/b\", also_push: [{url: \"https://m/a/b\", password_file: p}]}\n",
       4, 51, "go together"},
      {"a mirror of itself",
       settings.substr(0, settings.find("handoff")) +
           "handoff: {repository: \"https://h/a/b\", also_push: [\"https://h/a/b\"]}\n",
       4, 51, "names the infra repository itself"},
      {"a mirror of what is only proposed",
       settings.substr(0, settings.find("handoff")) +
           "handoff: {repository: \"https://h/a/b\", mode: pull_request, also_push: [\"https://m/a/b\"]}\n",
       4, 71, "nothing is pushed to the branch"},
      {"unknown pipeline", base + "templates: [{name: t, pipeline: pp, repository: Org/r}]\n", 11, 33,
       "there is no pipeline 'pp' (did you mean \"p\"?)"},
      {"bad repository", base + "templates: [{name: t, pipeline: p, repository: r}]\n", 11, 48, "'r' is no repository"},
      {"unknown parameter", base + "templates: [{name: t, pipeline: p, repository: Org/r, params: {dri: x}}]\n", 11, 20,
       "pipeline p has no parameter 'dri' (did you mean \"dir\"?)"},
      {"parameter of the wrong kind",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, params: {mode: blok}}]\n", 9, 59,
       "'blok' is none of blocking, informational"},
      {"reference that nothing gives",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {target: $(IMAGE_TGA)}}]\n", 11, 20,
       "did you mean \"IMAGE_TAG\""},
      {"template twice", base + one_template + "  - {name: t, pipeline: p, repository: Org/s}\n", 13, 12,
       "template 't' stands here a second time"},
      {"same image", base + one_template + "  - {name: u, pipeline: p, repository: Fork/r}\n", 13, 12,
       "build the same image 'apps/r'"},
      {"same image, once with its host",
       base + one_template + "  - {name: u, pipeline: p, repository: Org/s, build: {image: registry.example.com/apps/r}}\n", 13, 12,
       "build the same image 'registry.example.com/apps/r'"},
      {"context outside", base + "templates: [{name: t, pipeline: p, repository: Org/r, params: {dir: a/../..}}]\n", 11, 20,
       "the context 'a/../..' leaves the repository"},
      {"Dockerfile outside",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {dockerfile: /../Dockerfile}}]\n", 11, 20,
       "the Dockerfile '/../Dockerfile' leaves the repository"},
      {"values file outside",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, handoff: {values: [{file: ../v.yaml, path: a}]}}]\n", 11, 20,
       "the values file '../v.yaml' leaves the infra repository"},
      {"image with a tag",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {image: \"apps/r:latest\"}}]\n", 11, 20,
       "'apps/r:latest' cannot be an image's name"},
      {"digest before there is one",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {arguments: [\"D=$(IMAGE_DIGEST)\"]}}]\n", 11, 20,
       "its build.arguments has $(IMAGE_DIGEST), which is known when the image is there: in hand-off values"},
      {"too much memory",
       base + "queue: {memory_budget: 1Gi}\ntemplates: [{name: t, pipeline: p, repository: Org/r, resources: {memory: "
              "2Gi}}]\n",
       12, 20, "could never run"},
      {"limit counts as request",
       base + "queue: {memory_budget: 1Gi}\ntemplates: [{name: t, pipeline: p, repository: Org/r, resources: "
              "{memory_limit: 2Gi}}]\n",
       12, 20, "could never run"},
      {"request above limit",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, resources: {memory: 2Mi, memory_limit: 1Mi}}]\n",
       11, 20, "above its limit"},
      {"secret that nothing names",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {secrets: [npm]}}]\n", 11, 73,
       "`secrets` have no 'npm'"},
      {"unknown template", base + one_template + "triggers: [{name: a, template: tt}]\n", 13, 32,
       "there is no template 'tt' (did you mean \"t\"?)"},
      {"trigger twice", base + one_template + "triggers: [{name: a, template: t}, {name: a, template: t}]\n", 13, 43,
       "trigger 'a' stands here a second time"},
      {"trigger without template", base + one_template + "triggers: [{name: a}]\n", 13, 12, "needs the key 'template'"},
      {"can never fire", base + one_template + "triggers: [{name: a, template: t, repositories: [Org/s]}]\n", 13, 19,
       "can never fire"},
      {"unknown path set",
       base + one_template + "path_sets: {common: [libs/]}\ntriggers: [{name: a, template: t, paths: [$comon]}]\n", 14,
       43, "`path_sets` has no 'comon' (did you mean \"common\"?)"},
      {"bad path", base + one_template + "triggers: [{name: a, template: t, paths: [/abs]}]\n", 13, 43,
       "begins with a slash"},
      {"unknown bindings", base + one_template + "triggers: [{name: a, template: t, bindings: [{ref: b}]}]\n", 13, 52,
       "there are no bindings 'b'"},
      {"binding without value", base + one_template + "triggers: [{name: a, template: t, bindings: [{name: b}]}]\n", 13,
       19, "has either `ref`, or `name` and `value`"},
      {"binding from nowhere",
       base + one_template + "triggers: [{name: a, template: t, bindings: [{name: b, value: $(bdy.x)}]}]\n", 13, 63,
       "begins with none of body"},
      {"extension that no overlay makes",
       base + one_template +
           "triggers: [{name: a, template: t, overlays: [{key: branch, expression: \"'x'\"}], bindings: [{name: b, "
           "value: $(extensions.brunch)}]}]\n",
       13, 109, "no overlay of this trigger makes $(extensions.brunch) (did you mean \"branch\"?)"},
      {"parameter that nothing binds",
       base + "templates: [{name: t, pipeline: p, repository: Org/r, build: {target: $(tt.params.x)}}]\ntriggers: "
              "[{name: a, template: t}]\n",
       12, 32, "needs the parameter 'x', which trigger a binds nowhere"},
  }));
  INFO(row.name);
  const auto errors = errors_of(row.text);
  INFO(config::text(errors));
  const bool said = std::any_of(errors.begin(), errors.end(), [&](const Error& error) {
    return error.where().line == row.line && error.where().column == row.column &&
           error.what().find(row.what) != std::string::npos;
  });
  CHECK(said);
  CHECK((errors.empty() || errors.front().text().starts_with("c.yaml:")));
}

TEST_CASE("a shell's own substitutions stay in a check's command") {
  const auto config = good(settings + pipeline +
                           "templates: [{name: t, pipeline: p, repository: Org/r, check: {command: [sh, -c, \"test $(cat app.txt) = $(COMMIT_SHA)\"]}}]\n");
  Run run;
  run.template_name = TemplateName("t");
  run.repository = RepoName("Org/r");
  run.commit = CommitSha(std::string(40, 'a'));
  CHECK(config.catalogue->resolve(run)->check->command.at(2) == "test $(cat app.txt) = " + std::string(40, 'a'));
}

TEST_CASE("all errors are reported, in the order of the file") {
  const auto errors = errors_of(settings + "queue: {max_log: x}\nshadow: 5\nbuilder: {kind: y}\n");
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].where().line == 5);
  CHECK(errors[1].where().line == 6);
  CHECK(errors[2].where().line == 7);
}

TEST_CASE("a filter's error stands at its place in the file, with a caret, whatever the scalar's style") {
  struct Row {
    const char* name;
    std::string filter;
    int line, column;
  };
  const std::string before =
      settings + pipeline + one_template + "triggers:\n  - name: a\n    template: t\n";  // 15 lines
  const auto row =
      GENERATE_REF(values<Row>({{"plain", "    filter: body.ref == nope\n", 16, 25},
                                {"double-quoted", "    filter: \"body.ref == nope\"\n", 16, 26},
                                {"double-quoted with escapes", "    filter: \"body['a\\\"b'] == nope\"\n", 16, 30},
                                {"single-quoted", "    filter: 'body.ref == nope'\n", 16, 26},
                                {"single-quoted with quotes", "    filter: 'body[''ref''] == nope'\n", 16, 31},
                                {"literal block", "    filter: |\n      body.ref == 'x' &&\n        nope\n", 18, 9},
                                {"folded block", "    filter: >-\n      body.ref == 'x' &&\n      nope\n", 18, 7},
                                {"plain over two lines", "    filter: body.ref == 'x' &&\n      nope\n", 17, 7}}));
  INFO(row.name);
  const auto errors = errors_of(before + row.filter);
  REQUIRE(errors.size() == 1);
  INFO(errors[0].text());
  CHECK(errors[0].where() == Position("c.yaml", row.line, row.column));
  CHECK_THAT(errors[0].what(), Catch::Contains("nope"));
  CHECK(errors[0].what().ends_with("^"));
}

TEST_CASE("environment variables are put into settings, and only there") {
  ::setenv("SLIPWAY_TEST_HOST", "h.example.com", 1);
  ::unsetenv("SLIPWAY_TEST_NONE");
  const auto config =
      good("state: /s/${SLIPWAY_TEST_HOST}/${SLIPWAY_TEST_NONE:-default}\n" + settings + pipeline + one_template +
           "triggers:\n  - {name: a, template: t, filter: \"body.ref == '${SLIPWAY_TEST_NONE}'\"}\n");
  CHECK(config.settings.state == "/s/h.example.com/default");
  CHECK(config.catalogue->triggers().at(0).interceptors.at(0).text == "body.ref == '${SLIPWAY_TEST_NONE}'");
  const auto errors = errors_of("state: /s/${SLIPWAY_TEST_NONE}\n" + settings);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].text() ==
        "c.yaml:1:8: the environment has no SLIPWAY_TEST_NONE: set it, or write ${SLIPWAY_TEST_NONE:-default}");
}

TEST_CASE("files that the configuration names have to be there when it is served") {
  const auto loaded = load_text(settings, "/nowhere/c.yaml", LoadOptions(true));
  const auto& errors = std::get<std::vector<Error>>(loaded);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].text() == "/nowhere/c.yaml:1:26: there is no file /nowhere/secret");
}

TEST_CASE("a configuration that cannot be read") {
  for (const char* file : {"/nowhere/c.yaml", "/"}) {
    const auto loaded = load(file);
    CHECK(std::get<std::vector<Error>>(loaded).at(0).where().file == file);
  }
}

TEST_CASE("a template takes the pipeline's stages, puts its parameters in, and sets anew what it says itself") {
  const auto config = good(settings + pipeline + R"yaml(templates:
  - name: t
    pipeline: p
    repository: Org/r
    params: {dir: ./services/x, mode: informational}
    check: {timeout: 1m, environment: {A: b}}
    build: {arguments: ["V=$(IMAGE_TAG)", "W=$(tt.params.w)"]}
    handoff: {values: [{file: "a/$(tt.params.w).yaml", path: image.tag}], guard: warn}
    defaults: {w: wide}
    resources: {memory: 1Mi, cpu: 500m}
    timeout: 45m
    concurrency: 2
    priority: -3
    on_newer: cancel
    on_manual_revert: overwrite
    on_success: delete
)yaml");
  const Template& t = config.catalogue->templates().at(0);
  CHECK(t.app == "r");
  CHECK(t.build.context == "./services/x");
  CHECK(t.build.image == "apps/r");
  REQUIRE(t.check);
  CHECK(t.check->mode == CheckMode::informational);
  CHECK(t.check->timeout == std::chrono::minutes(1));
  CHECK(t.check->command == std::vector<std::string>{"true"});
  CHECK(t.guard == Guard::warn);
  CHECK(t.resources.cpu_request == 500);
  CHECK(t.timeout == std::chrono::minutes(45));
  CHECK(t.concurrency == 2);
  CHECK(t.priority == -3);
  CHECK(t.on_newer == OnNewer::cancel);
  CHECK(t.delete_on_success);

  Run run;
  run.template_name = TemplateName("t");
  run.repository = RepoName("Org/r");
  run.ref = "refs/heads/main";
  run.commit = CommitSha("0123456789abcdef0123456789abcdef01234567");
  auto made = config.catalogue->resolve(run);
  REQUIRE(made);
  CHECK(made->build.image == "apps/r");
  CHECK(made->build.arguments.at(0).second == "01234567");
  CHECK(made->build.arguments.at(1).second == "wide");
  CHECK(made->values.at(0).file == "a/wide.yaml");
  CHECK(made->values.at(0).value == "$(IMAGE_TAG)");
  run.parameters["w"] = "../../etc/x";
  made = config.catalogue->resolve(run);
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().what(), Catch::Contains("leaves the infra repository"));
  run.template_name = TemplateName("gone");
  CHECK_FALSE(config.catalogue->resolve(run));
}

TEST_CASE("a check can be left out") {
  const auto config =
      good(settings + pipeline + "templates: [{name: t, pipeline: p, repository: Org/r, check: off}]\n");
  CHECK_FALSE(config.catalogue->templates().at(0).check);
}

TEST_CASE("a template for a whole organisation is called after the repository") {
  const auto config =
      good(settings + pipeline +
           "templates: [{name: t, pipeline: p, repository: Org/*}]\ntriggers: [{name: a, template: t}]\n");
  Run run;
  run.template_name = TemplateName("t");
  run.commit = CommitSha(std::string(40, 'a'));
  run.repository = RepoName("Org/some-app");
  REQUIRE(config.catalogue->resolve(run));
  CHECK(config.catalogue->resolve(run)->build.image == "apps/some-app");
  Run elsewhere = run;
  elsewhere.repository = RepoName("Other/app");  // of a time when the template built another repository
  CHECK_THAT(config.catalogue->resolve(elsewhere).error().what(), Catch::Contains("nothing else") && Catch::Contains("Other/app"));
  run.repository = RepoName("Org/Some-App");
  CHECK_FALSE(config.catalogue->resolve(run));
  CHECK(config.catalogue->watches(RepoName("Org/x")));
  CHECK_FALSE(config.catalogue->watches(RepoName("Other/x")));
  CHECK(config.catalogue->watched_repositories().empty());
}

}  // namespace
TEST_CASE("a mirror is its address, or a mapping with a login of its own") {
  const auto config = good(settings.substr(0, settings.find("handoff")) + R"(handoff:
  repository: "https://git.example.com/org/infra.git"
  also_push:
    - https://m.example.com/org/infra.git/
    - {url: "https://n.example.com/org/infra.git", username_file: /u, password_file: /p, insecure: true}
)");
  const auto& mirrors = config.settings.handoff.also_push;
  REQUIRE(mirrors.size() == 2);
  CHECK(mirrors[0].url == "https://m.example.com/org/infra.git");
  CHECK_FALSE(mirrors[0].username_file);
  CHECK(mirrors[1].url == "https://n.example.com/org/infra.git");
  CHECK(mirrors[1].password_file == std::filesystem::path("/p"));
  CHECK(mirrors[1].insecure);
}

}  // namespace slipway::config

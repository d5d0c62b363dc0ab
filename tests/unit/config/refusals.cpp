// What `check` refuses because nothing could work with it, and what stays good beside it.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "config/load.hpp"
#include "config/references.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::config {
namespace {

/// Sections in one line each, in this order; a test says anew what it is about.
std::string file_of(const std::string& webhook, const std::string& registry, const std::string& handoff, const std::string& more = "") {
  return "webhook: {secret_files: [secret]" + webhook + "}\ngit: {base_url: \"https://git.example.com\"}\nregistry: {host: " + registry +
         "}\nhandoff: {repository: \"https://git.example.com/org/infra.git\"" + handoff + "}\n" + more;
}

std::string with_webhook(const std::string& keys) { return file_of(", " + keys, "registry.example.com", ""); }
std::string with_registry(const std::string& host) { return file_of("", host, ""); }
std::string with_handoff(const std::string& keys) { return file_of("", "registry.example.com", ", " + keys); }
std::string with(const std::string& more) { return file_of("", "registry.example.com", "", more); }

/// A template and a trigger for it, with these keys.
std::string with_template(const std::string& keys) {
  return with("pipelines: [{name: p, params: [{name: key, default: image.tag}], stages: [{build: {image: x}}]}]\ntemplates: [{name: t, pipeline: p, "
              "repository: Org/r" + keys + "}]\n");
}
std::string with_trigger(const std::string& keys) { return with_template("") + "triggers: [{name: a, template: t, " + keys + "}]\n"; }

/// `text` has an error at the last place of `at` in it that says `what`; nothing in place of `what`: it is good.
struct Row {
  std::string text;
  std::string at;
  const char* what;
};

Position place_of(const std::string& at, const std::string& text) {
  const auto offset = text.rfind(at);
  REQUIRE(offset != std::string::npos);
  const auto line_start = text.rfind('\n', offset) + 1;
  return Position("c.yaml", 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n')),
                  1 + static_cast<int>(offset - line_start));
}

std::vector<Error> errors_of(const std::string& text, const std::string& file = "c.yaml", bool with_files = false) {
  const auto loaded = load_text(text, file, LoadOptions(with_files));
  const auto* errors = std::get_if<std::vector<Error>>(&loaded);
  return errors == nullptr ? std::vector<Error>() : *errors;
}

void check_row(const Row& row) {
  const auto errors = errors_of(row.text);
  INFO(row.text);
  INFO(config::text(errors));
  REQUIRE(errors.size() == (row.what == nullptr ? 0 : 1));
  if (row.what == nullptr) return;
  CHECK(errors[0].where() == place_of(row.at, row.text));
  CHECK_THAT(errors[0].what(), Catch::Contains(row.what));
}

TEST_CASE("an address to listen on is an IP address or localhost") {
  check_row(GENERATE(values<Row>({
      {with_webhook("listen: \"slipway.example.com:8080\""), "\"slipway", "'slipway.example.com:8080' is no address to listen on"},
      {with_webhook("listen: \"256.0.0.1:8080\""), "\"256", "an IP address or localhost"},
      {with_webhook("listen: \"*:8080\""), "\"*", "is no address"},
      {with_webhook("listen: \"localhost:8080\""), "", nullptr},
      {with_webhook("listen: \"127.0.0.2:8080\""), "", nullptr},
      {with_webhook("listen: \"[fe80::1%lo]:8080\""), "", nullptr},
  })));
}

TEST_CASE("two listeners cannot have one port of one address") {
  const auto both = [](const std::string& webhook, const std::string& people) {
    return file_of(", listen: \"" + webhook + "\"", "h:1", "", "operator: {listen: \"" + people + "\"}\n");
  };
  const char* taken = "which the webhook listens on";
  check_row(GENERATE_COPY(values<Row>({
      {both("127.0.0.1:80", "127.0.0.1:80"), "\"127", taken},
      {both("localhost:80", "127.0.0.1:80"), "\"127", taken},
      {both("0.0.0.0:80", "127.0.0.1:80"), "\"127", taken},
      {both("127.0.0.1:80", "0.0.0.0:80"), "\"0.0", taken},
      {both("[::1]:80", "[::]:80"), "\"[::]", taken},
      {with_webhook("listen: \"0.0.0.0:8081\""), "\"0.0.0.0", "which the operator listener has, 127.0.0.1:8081"},
      {both("127.0.0.1:0", "127.0.0.1:0"), "", nullptr},
      {both("127.0.0.1:80", "127.0.0.1:81"), "", nullptr},
      {both("127.0.0.1:80", "127.0.0.2:80"), "", nullptr},
      {both("127.0.0.1:80", "[::1]:80"), "", nullptr},
  })));
}

TEST_CASE("the hook's path is one that a request can have") {
  check_row(GENERATE(values<Row>({
      {with_webhook("path: hooks"), "hooks", "'hooks' is no path of a request"},
      {with_webhook("path: \"/a b\""), "\"/a b", "is no path of a request"},
      {with_webhook("path: \"/a?x=1\""), "\"/a?", "no blank, ? or #"},
      {with_webhook("path: \"/a#b\""), "\"/a#", "no blank, ? or #"},
      {with_webhook("path: /"), "", nullptr},
      {with_webhook("path: /a/b-c_d.e~f%20g/"), "", nullptr},
  })));
}

TEST_CASE("the registry is a host and perhaps a port") {
  check_row(GENERATE(values<Row>({
      {with_registry("\"https://registry.example.com\""), "\"https://registry", "'https://registry.example.com' is no host"},
      {with_registry("registry.example.com/team"), "registry.example.com/", "belongs in front of `build.image`"},
      {with_registry("registry.example.com/"), "registry.example.com/", "is no host"},
      {with_registry("\"registry.example.com:port\""), "\"registry", "is no host"},
      {with_registry("\"a b\""), "\"a b", "is no host"},
      {with_registry("\"127.0.0.1:5000\""), "", nullptr},
      {with_registry("Registry-2.example.com"), "", nullptr},
  })));
}

TEST_CASE("the infra repository's branch has a name that Git takes") {
  for (const char* name : {"a..b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{b", "-a", "@"}) {
    check_row({with_handoff("branch: '" + std::string(name) + "'"), "'" + std::string(name), "is no name of a branch"});
  }
  for (const char* name : {"main", "release/1.0", "a-b_c", "a@b", "a{b}", "문서", "x.locked"}) {
    check_row({with_handoff("branch: '" + std::string(name) + "'"), "", nullptr});
  }
}

TEST_CASE("a commit's message names only what a hand-off knows") {
  check_row(GENERATE(values<Row>({
      {with_handoff("message: \"$(APP) to $(IMAGE_TGA)\""), "\"$(APP)", "$(IMAGE_TGA) is nothing that a commit's message may have (did you mean \"IMAGE_TAG\"?)"},
      {with_handoff("message: \"$(tt.params.x)\""), "\"$(tt", "one of APP, "},
      {with_handoff("message: \"$(APP) by $(cat file)\""), "", nullptr},
  })));
  std::string all;
  for (const auto name : message_references) all += fmt::format(" $({})", name);
  check_row({with_handoff("message: \"" + all + "\""), "", nullptr});
}

TEST_CASE("the paths that a hand-off may touch are paths") {
  check_row(GENERATE(values<Row>({
      {with_handoff("paths: [apps/, /apps/]"), "/apps/]", "begins with a slash"},
      {with_handoff("paths: [\"apps/[\"]"), "\"apps", "never closed"},
      {with_handoff("paths: [\"apps/**\", \"!apps/x/\"]"), "", nullptr},
  })));
}

TEST_CASE("a path in a values file is one that a hand-off can follow") {
  const auto value = [](const std::string& path) { return with_template(", handoff: {values: [{file: v.yaml, path: '" + path + "'}]}"); };
  check_row(GENERATE_COPY(values<Row>({
      {value("a[b"), "t, p", "template t: a path in `handoff.values`: this '[' is not closed, in the path 'a[b'"},
      {value("a..b"), "t, p", "a key is missing here, in the path 'a..b'"},
      {value("\"a"), "t, p", "this quote is not closed"},
      {value("a[b]"), "t, p", "in brackets stands an index from 0 or key=value"},
      {value("a[$(tt.params.x)"), "t, p", "this '[' is not closed"},
      {value("$(tt.params.x)..b"), "t, p", "a key is missing here"},
      {value(".common.image.tag"), "", nullptr},
      {value("images[name=$(APP)].newTag"), "", nullptr},
      {value("doc[1].a[$(tt.params.x)].\"b.$(REPO)\""), "", nullptr},
      {value("$(tt.params.x)"), "", nullptr},
      {value("$(params.key)"), "", nullptr},
  })));
}

TEST_CASE("a filter that is never true or false is refused") {
  check_row(GENERATE(values<Row>({
      {with_trigger("filter: 1"), "1}]", "a filter is true or false; this is always int, so that it would never fire"},
      {with_trigger("filter: \"'a'\""), "'a'", "this is always string"},
      {with_trigger("filter: '[body.ref]'"), "[body.ref]", "this is always list(dyn)"},
      {with_trigger("filter: body.ref.split('/')"), "body.ref.split", "this is always list(string)"},
      {with_trigger("filter: 'null'"), "null'", "this is always null"},
      {with_trigger("filter: body.flag"), "", nullptr},
      {with_trigger("filter: 'true'"), "", nullptr},
      {with_trigger("filter: 'dyn(1)'"), "", nullptr},
      {with_trigger("filter: 'google.protobuf.BoolValue{value: true}'"), "", nullptr},
      {with_trigger("filter: body.ref == 'x', overlays: [{key: n, expression: '1'}]"), "", nullptr},
  })));
}

TEST_CASE("a path that no file has is refused") {
  check_row(GENERATE(values<Row>({
      {with_trigger("paths: [a/../b]"), "a/..", "'a/../b' covers nothing: Git has no path with `..` in it"},
      {with_trigger("paths: [../b]"), "../b", "covers nothing"},
      {with_trigger("paths: ['!a/./b']"), "'!a", "with `.` in it"},
      {with_trigger("paths: [.]"), ".]", "write `**` for every file"},
      {with_trigger("paths: [a//b]"), "a//b", "with `//` in it"},
      {with_trigger("paths: ['**//b']"), "'**//", "with `//` in it"},
      {with_trigger("paths: ['src/*.{ts,tsx}']"), "'src", "write a path for each alternative"},
      {with_trigger("paths: ['{a,b}/']"), "'{a", "write a path for each alternative"},
      {with_trigger("paths: ['{a/b,c}/d']"), "'{a", "write a path for each alternative"},
      {with("path_sets: {common: [a//b]}\n"), "a//b", "with `//` in it"},
      {with_handoff("paths: ['apps/{a,b}/']"), "'apps", "write a path for each alternative"},
      {with_trigger("paths: [./a/, .github/, a/...b, '..a/', a/b.]"), "", nullptr},
      {with_trigger("paths: ['{{cookiecutter.name}}/', 'api/{id}/', 'a,{b', 'a},b', '[{]a,b}/']"), "", nullptr},
  })));
}

TEST_CASE("a trigger is not blamed for what is wrong with its template") {
  const std::string pipeline = "pipelines: [{name: p, params: [{name: dir, default: .}], stages: [{build: {image: x}}]}]\n";
  const auto broken = [&](const std::string& keys) {
    return with(pipeline + "templates: [{name: t, " + keys + "}]\ntriggers: [{name: a, template: t}]\n");
  };
  check_row(GENERATE_COPY(values<Row>({
      {broken("pipeline: pp, repository: Org/r"), "pp", "there is no pipeline 'pp' (did you mean \"p\"?)"},
      {broken("pipeline: pp, repository: Org/r, build: {context: $(params.dir)}"), "pp", "there is no pipeline 'pp'"},
      {broken("pipeline: pp, repository: Org/r, check: {mode: $(params.mode)}"), "pp", "there is no pipeline 'pp'"},
      {broken("pipeline: p, repository: r"), "r}]\ntriggers", "'r' is no repository"},
      {broken("pipeline: p"), "{name: t", "needs the key 'repository'"},
      {broken("repository: Org/r"), "{name: t", "needs the key 'pipeline'"},
      {broken("pipeline: p, repository: Org/r, app: [a]"), "[a]", "expected one value"},
  })));
}

TEST_CASE("what is wrong with a trigger's bindings or repositories is not said of the rest of it again") {
  const std::string needs = ", build: {target: $(tt.params.x)}";
  const auto trigger = [&](const std::string& keys, const std::string& before = "") {
    return with_template(needs) + before + "triggers: [{name: a, template: t, " + keys + "}]\n";
  };
  check_row(GENERATE_COPY(values<Row>({
      {trigger("bindings: [{ref: seet}]", "bindings: [{name: set, params: {x: y}}]\n"), "seet", "there are no bindings 'seet'"},
      {trigger("bindings: [{name: x}]"), "a, template", "has either `ref`, or `name` and `value`"},
      {trigger("bindings: [{ref: set}]", "bindings: [{name: set, params: [x, y]}]\n"), "[x, y]", "expected a mapping"},
      {trigger("bindings: [{name: y, value: z}]"), "t, bindings", "needs the parameter 'x'"},
      {with_trigger("repositories: [Org/r/r, Org/s]"), "Org/r/r", "is no repository"},
  })));
}

TEST_CASE("triggers that would make one template build different things are refused") {
  const auto both = [](const std::string& a, const std::string& b, const std::string& build = "target: $(tt.params.x)") {
    return with("pipelines: [{name: p, stages: [{build: {image: i}}]}]\ntemplates: [{name: t, pipeline: p, repository: Org/*, defaults: {x: web}, "
                "build: {" + build + "}}]\nbindings: [{name: set, params: {x: web}}]\ntriggers:\n- {name: a, template: t" + a +
                "}\n- {name: b, template: t" + b + "}\n");
  };
  const auto binds = [](const std::string& value) { return ", bindings: [{name: x, value: " + value + "}]"; };
  const auto computed = [&](const std::string& value) { return ", overlays: [{key: k, expression: \"" + value + "\"}]" + binds("$(extensions.k)"); };
  const char* differ = "triggers a and b give template t different values of 'x' ('web' and 'api'): a push makes one run of a template, "
                       "and a newer one replaces it. Write one template for each";
  check_row(GENERATE_COPY(values<Row>({
      {both(binds("web"), binds("api")), "t, bind", differ},
      {both("", binds("api")), "t, bind", differ},
      {both(", bindings: [{ref: set}]", ", paths: [api/]" + binds("api")), "t, paths", differ},
      {both(binds("web"), binds("$(body.repository.name)")), "t, bind", "('web' and '$(body.repository.name)')"},
      {both(computed("'web'"), computed("'api'")), "t, overlays", "(both $(extensions.k), from different overlays)"},
      {both(", repositories: [Org/a, Org/b]" + binds("web"), ", repositories: [Org/b]" + binds("api")), "t, repositories", "Write one template"},
      {both(binds("web"), ", bindings: [{ref: set}]"), "", nullptr},
      {both("", binds("web")), "", nullptr},
      {both(binds("$(body.repository.name)"), binds("$(body.repository.name)")), "", nullptr},
      {both(computed("'web'"), computed("'web'")), "", nullptr},
      {both(", repositories: [Org/a]" + binds("web"), ", repositories: [Org/b]" + binds("api")), "", nullptr},
      {both(binds("web"), binds("api"), "target: fixed"), "", nullptr},
  })));
}

TEST_CASE("a trigger's misspelt template may mean one that has an error") {
  const auto errors = errors_of(with("templates: [{name: cart, pipeline: none, repository: Org/r}]\ntriggers: [{name: a, template: carts}]\n"));
  REQUIRE(errors.size() == 2);
  CHECK_THAT(errors[1].what(), Catch::Contains("there is no template 'carts' (did you mean \"cart\"?)"));
}

TEST_CASE("a key that commits are signed with has to be there, where files are looked at") {
  const slipway::test::TmpDir folder;
  const std::string file = (folder / "c.yaml").string();
  std::ofstream(folder / "secret") << "secret";
  const std::string text = with_handoff("signing: ssh, signing_key: keys/id");
  const auto missing = errors_of(text, file, true);
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].text() == fmt::format("{}:4:{}: there is no file {}/keys/id", file, place_of("keys/id", text).column, folder.path().string()));
  CHECK(errors_of(text, file, false).empty());
  CHECK(errors_of(with_handoff("signing: gpg, signing_key: keys/id"), file, true).empty());
  std::filesystem::create_directory(folder / "keys");
  std::ofstream(folder / "keys/id.pub") << "ssh-ed25519 AAAA";
  CHECK(errors_of(text, file, true).empty());  // ssh-keygen asks an agent for the other half
}

TEST_CASE("the state directory cannot be made where a file is") {
  const slipway::test::TmpDir folder;
  const std::string file = (folder / "c.yaml").string();
  std::ofstream(folder / "secret") << "secret";
  for (const char* state : {"secret", "secret/state"}) {
    const auto errors = errors_of(with("state: " + std::string(state) + "\n"), file, true);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].text() == fmt::format("{}:5:8: `state` cannot be made: {}/secret is no directory", file, folder.path().string()));
  }
  for (const char* state : {".", "new/state"}) CHECK(errors_of(with("state: " + std::string(state) + "\n"), file, true).empty());
  CHECK(errors_of(with("state: secret\n"), file, false).empty());
}

}  // namespace
}  // namespace slipway::config

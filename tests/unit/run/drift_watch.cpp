#include "run/drift_watch.hpp"

#include <catch2/catch.hpp>

#include "support/fake_git.hpp"
#include "support/run_coroutine.hpp"
#include "support/tiny_server.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using run::DriftState;

namespace {

const std::string here = "http://git/org/infra.git", elsewhere = "https://github.com/org/infra.git";

std::string application(const std::string& url) {
  return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app}\nspec: {source: {repoURL: '" +
         url + "', path: apps}}\n";
}

struct Case {
  asio::io_context loop{1};
  io::SystemTime time;
  io::HttpClient http;
  test::TmpDir dir;
  test::FakeInfra infra;
  HandoffSettings settings;
  run::DriftWatch watch{infra, http, time, Log()};

  Case() { settings.repository_url = here; }
  const run::Drift& look() {
    test::run_coroutine(loop, watch.look(settings, {"apps/values.yaml"}));
    return watch.current();
  }
  git::CopyHead mirror(git::CopyState state) {
    git::CopyHead one;
    one.url = elsewhere;
    one.state = state;
    one.origin = CommitSha(std::string(40, 'a'));
    return one;
  }
};

std::function<void(test::Wire&)> page(std::string status, std::string body) {
  return [status, body](test::Wire& wire) {
    wire.read_request();
    wire.send("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\nConnection: close\r\n\r\n" + body);
  };
}

}  // namespace

TEST_CASE("Applications in the infra repository itself are found; without any, nothing is known") {
  Case one;
  CHECK_FALSE(one.watch.looked());
  CHECK(one.look().state == DriftState::unknown);
  CHECK(one.watch.looked());
  CHECK(one.watch.current().findings ==
        std::vector<std::string>{"no Argo CD Application was found that reads apps/values.yaml"});
  one.infra.commit("argocd/app.yaml", application(here));
  CHECK(one.look().state == DriftState::same);
  one.infra.commit("argocd/app.yaml", application(elsewhere));
  CHECK(one.look().state == DriftState::differs);
  CHECK_THAT(one.watch.differences().at(0),
             Catch::Contains("argocd/app.yaml in the infra repository") && Catch::Contains(elsewhere));
  CHECK(one.watch.contract_differences() == one.watch.differences());
}

TEST_CASE("an Application is found however its kind is written") {
  Case one;
  for (const char* kind : {"kind: Application", "kind:   Application", "\"kind\": \"Application\"", "kind: 'Application'"}) {
    std::string text = application(here);
    text.replace(text.find("kind: Application"), 17, kind);
    one.infra.commit("argocd/app.yaml", text);
    CHECK(one.look().state == DriftState::same);
  }
}

TEST_CASE("a file that only a run names is compared from its first hand-off on") {
  Case one;
  one.infra.commit("argocd/app.yaml", application(here) + "---\n" + application(elsewhere));
  one.infra.files["argocd/app.yaml"].replace(one.infra.files["argocd/app.yaml"].rfind("path: apps"), 10, "path: more");
  one.watch.add_files(one.settings, {"more/x/values.yaml"});
  CHECK(one.watch.current().findings.empty());
  CHECK(one.look().state == DriftState::differs);
  one.watch.add_files(one.settings, {"nobody/values.yaml", "apps/values.yaml"});
  CHECK_THAT(one.watch.current().findings.at(1), Catch::Contains("no Argo CD Application was found that reads nobody/values.yaml"));
  CHECK(one.look().findings.size() == 2);
}

TEST_CASE("Applications from a file and from an address count instead") {
  Case one;
  one.infra.commit("argocd/app.yaml", application(here));
  test::write_file(one.dir / "app.yaml", application(elsewhere));
  one.settings.applications = {(one.dir / "app.yaml").string()};
  CHECK(one.look().state == DriftState::differs);
  test::TinyServer server(page("200 OK", application(here)));
  one.settings.applications = {server.url("/app.yaml")};
  CHECK(one.look().state == DriftState::same);
}

TEST_CASE(
    "what cannot be asked is unknown and says why; a difference that was seen stands until a comparison says "
    "otherwise") {
  Case one;
  test::TinyServer broken(page("503 Unavailable", "later"));
  for (const auto& place : {broken.url("/app.yaml"), std::string("/no/such/app.yaml")}) {
    one.settings.applications = {place};
    CHECK(one.look().state == DriftState::unknown);
    CHECK_THAT(one.watch.current().findings.at(0),
               Catch::StartsWith("the comparison was not possible: ") && Catch::Contains(place));
  }
  one.infra.commit("argocd/app.yaml", application(elsewhere));
  one.settings.applications.clear();
  one.settings.drift = DriftReaction::block;
  one.look();
  one.settings.applications = {broken.url("/app.yaml")};
  CHECK(one.look().state == DriftState::differs);
  CHECK(one.watch.current().findings.size() == 2);
  CHECK(one.watch.blocks(one.settings));
}

TEST_CASE("only a difference blocks, and only where the configuration says so") {
  Case one;
  one.look();
  one.settings.drift = DriftReaction::block;
  CHECK_FALSE(one.watch.blocks(one.settings));
  one.infra.commit("argocd/app.yaml", application(elsewhere));
  one.look();
  CHECK_THAT(one.watch.blocks(one.settings).value(),
             Catch::StartsWith("contract drift, and the configuration says drift: block: "));
  one.settings.drift = DriftReaction::report;
  CHECK_FALSE(one.watch.blocks(one.settings));
}

TEST_CASE("a mirror that is behind differs and blocks nothing, one that has diverged does; a push says how it is now") {
  Case one;
  one.infra.commit("argocd/app.yaml", application(elsewhere));
  one.settings.also_push.resize(1);
  one.settings.also_push[0].url = elsewhere;
  one.settings.drift = DriftReaction::block;
  one.infra.heads = {one.mirror(git::CopyState::behind)};
  CHECK(one.look().state == DriftState::differs);
  CHECK_FALSE(one.watch.blocks(one.settings));

  const CommitSha commit(std::string(40, 'c'));
  one.watch.pushed(commit, {git::CopyPush(elsewhere, true, "")});
  CHECK(one.watch.current().state == DriftState::same);
  CHECK(one.watch.current().mirrors.at(0).head == commit);
  one.watch.pushed(commit, {git::CopyPush(elsewhere, false, "connection refused")});
  CHECK(one.watch.current().mirrors.at(0).state == git::CopyState::behind);
  CHECK_THAT(one.watch.differences().at(0), Catch::Contains("connection refused"));
  CHECK(one.watch.contract_differences().empty());
  git::CopyPush lost(elsewhere, false, "non-fast-forward");
  lost.diverged = true;
  one.watch.pushed(commit, {lost});
  CHECK(one.watch.blocks(one.settings));
  one.watch.pushed(commit, {});  // a push without mirrors says nothing of them
  CHECK(one.watch.current().mirrors.size() == 1);
}

#include "run/drift.hpp"

#include <catch2/catch.hpp>

using namespace slipway::run;
using slipway::CommitSha;
namespace git = slipway::git;

namespace {

const std::vector<std::vector<std::string>> nothing_same;

PushTarget gitea() {
  PushTarget target;
  target.url = "http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra.git";
  target.branch = "main";
  target.default_branch = "main";
  return target;
}

std::string application(const std::string& source) {
  return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: document}\nspec:\n" + source;
}

Drift judged(const std::string& source, const std::vector<std::vector<std::string>>& same = nothing_same) {
  const std::vector<std::string> files{"applications/lumie/document/helm-values.yaml"};
  const auto applications = parse_applications(application(source), "apps/document.yaml");
  return compare(gitea(), files, applications, same);
}

}  // namespace

TEST_CASE("addresses compare without scheme, user, port, .git and the host's case") {
  struct Row { const char* address; const char* expected; };
  const Row rows[] = {
      {"https://GitHub.com/Lumie-Edu/lumie-infra.git", "github.com/Lumie-Edu/lumie-infra"},
      {"https://user:secret@github.com:443/Lumie-Edu/lumie-infra/", "github.com/Lumie-Edu/lumie-infra"},
      {"git@github.com:Lumie-Edu/lumie-infra.git", "github.com/Lumie-Edu/lumie-infra"},
      {"ssh://git@github.com:22/Lumie-Edu/lumie-infra", "github.com/Lumie-Edu/lumie-infra"},
      {"github.com:Lumie-Edu/lumie-infra", "github.com/Lumie-Edu/lumie-infra"},
      {"http://[::1]:3000/a/b.git", "[::1]/a/b"},
      {"/srv/git/infra.git", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CHECK(normalise_address(row.address) == row.expected);
  }
}

TEST_CASE("the Application that names the values file decides whether hand-offs are deployed") {
  SECTION("same repository and branch") {
    CHECK(judged("  source:\n    repoURL: http://gitea-http.gitea.svc.cluster.local/Lumie-Edu/lumie-infra\n"
                 "    targetRevision: HEAD\n    path: applications/lumie/document\n    helm: {valueFiles: [helm-values.yaml]}\n")
              .state == DriftState::same);
  }
  SECTION("another host is said, with both addresses and no credentials") {
    const auto drift = judged("  source:\n    repoURL: https://bot:pw@github.com/Lumie-Edu/lumie-infra.git\n"
                              "    path: applications/lumie/document\n");
    REQUIRE(drift.state == DriftState::differs);
    CHECK(drift.findings == std::vector<std::string>{
        "Application document (apps/document.yaml) reads https://github.com/Lumie-Edu/lumie-infra.git, but hand-offs are pushed to "
        "http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra.git: what is pushed there is not deployed"});
  }
  SECTION("addresses that are declared equal are") {
    CHECK(judged("  source:\n    repoURL: https://github.com/Lumie-Edu/lumie-infra.git\n    path: applications/lumie/document\n",
                 {{"https://github.com/Lumie-Edu/lumie-infra", "http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra"}})
              .state == DriftState::same);
  }
  SECTION("another branch") {
    const auto drift = judged("  source:\n    repoURL: http://gitea-http.gitea.svc.cluster.local/Lumie-Edu/lumie-infra\n"
                              "    targetRevision: stable\n    path: applications\n");
    REQUIRE(drift.state == DriftState::differs);
    CHECK(drift.findings.front() ==
          "Application document (apps/document.yaml) reads branch stable, but hand-offs are pushed to main");
  }
  SECTION("a chart from elsewhere with the values by $ref") {
    CHECK(judged("  sources:\n"
                 "    - {repoURL: 'https://charts.example/x', chart: app, helm: {valueFiles: [$values/applications/lumie/document/helm-values.yaml]}}\n"
                 "    - {repoURL: 'git@gitea-http.gitea.svc.cluster.local:Lumie-Edu/lumie-infra.git', ref: values}\n")
              .state == DriftState::same);
  }
  SECTION("Argo CD does not look at `source` where there are `sources`") {
    CHECK(judged("  source: {repoURL: 'http://gitea-http.gitea.svc.cluster.local/Lumie-Edu/lumie-infra', path: applications}\n"
                 "  sources: [{repoURL: 'https://github.com/x/y', path: applications}]\n")
              .state == DriftState::differs);
  }
  SECTION("relative value files climb out of the path") {
    CHECK(judged("  source: {repoURL: 'https://github.com/x/y', path: charts/app, helm: {valueFiles: [../../applications/lumie/document/helm-values.yaml]}}\n")
              .state == DriftState::differs);
  }
  SECTION("an Application of something else leaves it unknown, never same") {
    const auto drift = judged("  source: {repoURL: 'http://gitea-http.gitea.svc.cluster.local/Lumie-Edu/lumie-infra', path: platform}\n");
    CHECK(drift.state == DriftState::unknown);
    CHECK(drift.findings.front() == "no Argo CD Application was found that reads applications/lumie/document/helm-values.yaml");
  }
}

TEST_CASE("the more exact Application counts, and what is no Application is passed over") {
  const std::string text = application("  source: {repoURL: 'https://github.com/x/y', path: .}\n") + "---\n" +
                           application("  source: {repoURL: 'http://gitea-http.gitea.svc.cluster.local:3000/Lumie-Edu/lumie-infra', path: applications/lumie/document}\n") +
                           "---\nkind: ConfigMap\n";
  const auto applications = parse_applications(text, "all.yaml");
  REQUIRE(applications.size() == 2);
  const std::vector<std::string> files{"applications/lumie/document/helm-values.yaml"};
  CHECK(compare(gitea(), files, applications, nothing_same).state == DriftState::same);
  const std::string list = "kind: List\nitems:\n- {apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: one}, spec: {source: {path: a}}}\n- kind: X\n";
  CHECK(parse_applications(list, "kubectl get").size() == 1);
  CHECK(parse_applications("{{- range .Values.apps }}\nkind: Application\n", "t").empty());
}

TEST_CASE("an Application that reads a declared mirror reads what is pushed, for as long as the mirror's head says so") {
  auto target = gitea();
  target.mirrors = {"https://github.com/Lumie-Edu/lumie-infra.git"};
  const auto applications = parse_applications(application("  source: {repoURL: 'git@github.com:Lumie-Edu/lumie-infra', path: applications}\n"), "a.yaml");
  const std::vector<std::string> files{"applications/lumie/document/helm-values.yaml"};
  const Drift contract = compare(target, files, applications, nothing_same);
  CHECK(contract.state == DriftState::same);

  git::CopyHead mirror;
  mirror.url = target.mirrors[0];
  mirror.origin = CommitSha(std::string(40, 'a'));
  mirror.head = CommitSha(std::string(40, 'b'));
  struct Row {
    git::CopyState state;
    DriftState drift;
    std::string finding;
  };
  const std::vector<Row> rows{
      {git::CopyState::same, DriftState::same, ""},
      {git::CopyState::behind, DriftState::differs, "is at bbbbbbbb, but the repository is at aaaaaaaa: the next hand-off brings it up to date"},
      {git::CopyState::diverged, DriftState::differs, "has diverged: it is at bbbbbbbb, and the repository is at aaaaaaaa: it is never forced"},
      {git::CopyState::unknown, DriftState::unknown, "cannot be asked"}};
  for (const auto& row : rows) {
    CAPTURE(row.finding);
    mirror.state = row.state;
    const Drift all = with_mirrors(contract, {mirror});
    CHECK(all.state == row.drift);
    CHECK(all.mirrors.size() == 1);
    REQUIRE(all.findings.size() == (row.finding.empty() ? 0u : 1u));
    if (!row.finding.empty()) CHECK_THAT(all.findings[0], Catch::Contains(row.finding));
  }
}

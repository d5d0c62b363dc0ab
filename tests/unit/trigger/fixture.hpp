#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "captured.hpp"
#include "config/load.hpp"
#include "trigger/gitea.hpp"
#include "trigger/match.hpp"
#include "trigger/verify.hpp"

namespace slipway::test {

inline const std::string settings = R"(webhook: {secret_files: [secret]}
git: {base_url: "http://git.example.com:3000"}
registry: {host: registry.example.com}
handoff: {repository: "https://git.example.com/org/infra.git"}
pipelines:
  - name: p
    stages: [{build: {image: apps/$(APP)}}, {handoff: {values: [{file: $(APP).yaml, path: image.tag}]}}]
)";

/// The settings above with templates and triggers.
inline std::shared_ptr<const config::Catalogue> catalogue(const std::string& text) {
  auto loaded = config::load_text(settings + text, "c.yaml", config::LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<config::Config>(loaded).catalogue;
}

inline std::shared_ptr<const config::Catalogue> lumie() {
  auto loaded =
      config::load(std::filesystem::path(SLIPWAY_SOURCE_DIR) / "config/lumie.yaml", config::LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<config::Config>(loaded).catalogue;
}

inline CommitSha sha(char digit) {
  return CommitSha(std::string(40, digit));
}

/// A push of one commit that modifies `files`.
inline Push push_of(const std::string& repository, std::vector<std::string> files, char after = 'b') {
  Push push;
  push.repository = RepoName(repository);
  push.ref = "refs/heads/main";
  push.before = sha('a');
  push.after = sha(after);
  push.total_commits = 1;
  push.commits.resize(1);
  push.commits[0].id = push.after;
  push.commits[0].modified = std::move(files);
  return push;
}

inline Delivery delivery_of(Push push) {
  return trigger::synthesize(std::move(push), DeliveryId("d-1"), Clock::time_point());
}

/// A captured delivery, verified and parsed, put onto another repository where one is given.
inline Delivery parsed(const std::string& name) {
  const std::vector<std::string> secrets{captured_secret};
  auto read = trigger::parse(std::move(*trigger::verify(captured(name), secrets)));
  REQUIRE(read);
  return std::get<Delivery>(std::move(*read));
}

inline std::vector<std::string> templates_of(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const auto& run : verdict.runs) names.push_back(run.template_name.value());
  return names;
}

inline std::string reason_of(const Verdict& verdict, const std::string& trigger) {
  for (const auto& skip : verdict.skipped) {
    if (skip.trigger == trigger) return (skip.error ? "error: " : "") + skip.reason;
  }
  return "";
}

}  // namespace slipway::test

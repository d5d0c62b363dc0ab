#include "captured.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "trigger/gitea.hpp"
#include "trigger/match.hpp"

namespace slipway::trigger {
namespace {

const std::vector<std::string> secrets{test::captured_secret};

/// The answer's class, and for a push what it says.
std::string answer(const std::string& name) {
  auto verified = verify(test::captured(name), secrets);
  if (!verified) return "401";
  auto parsed = parse(std::move(*verified));
  if (!parsed) return "400 " + parsed.error().text();
  if (const auto* ignored = std::get_if<Ignored>(&*parsed))
    return (ignored->test ? "test: " : "ignored: ") + ignored->reason;
  const auto& push = std::get<Delivery>(*parsed).push;
  return "push " + push.repository.value() + " " + push.before.value().substr(0, 8) + ".." +
         push.after.value().substr(0, 8) + " " + std::to_string(push.commits.size()) + "/" +
         std::to_string(push.total_commits) + (is_incomplete(push) ? " incomplete" : "");
}

TEST_CASE("every captured delivery has its answer") {
  const std::string no_event = "ignored: event '";
  std::map<std::string, std::string> special{
      {"nosecret-push", "401"},
      {"form-push", "push Lumie-Edu/lumie-backend bf4f9aa2..0853eb5c 1/1"},
      {"authorization-header-push", "push Lumie-Edu/lumie-backend bf4f9aa2..0853eb5c 1/1"},
      {"test-delivery--2-push", "test: test delivery: the hook of"},
      {"test-delivery-ref", "test: test delivery: the hook of"},
      {"tag-deletion--1-push", "ignored: 'refs/tags/v1.0.0' is a tag"},
      {"push-branch-Main", "ignored: 'refs/heads/Main' is not refs/heads/main: branch names are case-sensitive"},
      {"push-branch-maintenance",
       "ignored: 'refs/heads/maintenance' is not refs/heads/main: only pushes to that branch build"},
      {"push-typechange-only", "push Lumie-Edu/lumie-backend 44401a7d..98b37bec 1/1 incomplete"},
      {"push-empty-commit", "push Lumie-Edu/lumie-backend 8453a559..5c88b99b 1/1 incomplete"},
      {"push-force-main-to-unrelated-history", "push Lumie-Edu/lumie-backend c3058a83..41c7eaf8 1/1"}};
  std::istringstream index(test::read(test::captured_folder / "index.jsonl"));
  std::size_t count = 0;
  for (std::string line; std::getline(index, line); ++count) {
    rapidjson::Document entry;
    entry.Parse(line);
    const std::string name = entry["file"].GetString(), event = entry["event"].GetString();
    const auto seen = answer(name);
    INFO(name << ": " << seen);
    if (const auto known = special.find(name); known != special.end()) {
      CHECK(seen.substr(0, known->second.size()) == known->second);
      special.erase(known);
    } else if (event != "push") {
      CHECK(seen == no_event + event + "' is not looked at: only push events build");
    } else if (std::string(entry["ref"].GetString()) != "refs/heads/main") {
      CHECK(seen.substr(0, 9) == "ignored: ");
    } else {
      std::ostringstream expected;
      expected << entry["before"].GetString() << ".." << entry["after"].GetString() << " "
               << entry["n_commits"].GetInt() << "/" << entry["total_commits"].GetInt();
      CHECK(seen.substr(0, 5) == "push ");
      CHECK(seen.find(expected.str()) != std::string::npos);
      const bool more = entry["n_commits"].GetInt() < entry["total_commits"].GetInt();
      CHECK((!more || seen.ends_with(" incomplete")));
    }
  }
  CHECK(count == 101);
  CHECK(special.empty());
}

TEST_CASE("a captured push is read whole: paths, ids, headers, and the body's bytes as they came") {
  auto raw = test::captured("push-single-backend-05");
  const std::string bytes = raw.body;
  auto parsed = parse(std::move(*verify(std::move(raw), secrets)));
  REQUIRE(parsed);
  const auto& delivery = std::get<Delivery>(*parsed);
  CHECK(delivery.id == DeliveryId("aa3cbceb-619c-4464-b083-63f8faa71d18"));
  CHECK(*delivery.body == bytes);
  CHECK(delivery.target == "/hooks");
  CHECK(delivery.push.ref == "refs/heads/main");
  REQUIRE(delivery.push.commits.size() == 1);
  const auto& commit = delivery.push.commits[0];
  CHECK(commit.id == delivery.push.after);
  CHECK(commit.added.empty());
  REQUIRE(commit.removed.size() == 3);
  CHECK(
      commit.removed[0] ==
      "services/core/academy-svc/src/main/java/com/lumie/academy/infrastructure/tenant/TenantIdentifierResolver.java");
  CHECK(commit.modified.size() == 3);
}

TEST_CASE("paths in any script, and paths that want to be more, arrive as they are") {
  const auto parsed = parse(std::move(*verify(test::captured("push-korean-emoji"), secrets)));
  REQUIRE(parsed);
  const std::string folder = "services/core/exam-svc/";
  CHECK(std::get<Delivery>(*parsed).push.commits.at(0).added ==
        std::vector<std::string>{folder + "emoji-😀.txt", folder + "it's; $(touch x) & <b>.txt",
                                 folder + "newline\nname.txt", folder + "with \"quote\" and \\back\ttab.txt",
                                 folder + "문서/설명서 최종.md"});
}

}  // namespace
}  // namespace slipway::trigger

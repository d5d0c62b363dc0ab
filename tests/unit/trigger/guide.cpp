#include <sstream>

#include "fixture.hpp"

// The examples of config/README.md: each block of `cel`, and the pushes under it that it fires for and does not.

namespace slipway::trigger {
namespace {

struct Case {
  bool fires = false;
  std::string text;
};

struct Example {
  std::string filter;
  std::vector<Case> cases;
};

std::vector<Example> examples() {
  std::vector<Example> found;
  std::istringstream page(test::read(std::filesystem::path(SLIPWAY_SOURCE_DIR) / "config/README.md"));
  for (std::string line; std::getline(page, line);) {
    if (line == "```cel") {
      found.emplace_back();
      for (std::string part; std::getline(page, part) && part != "```";) found.back().filter += part + "\n";
    } else if (line.starts_with("- fires: ")) {
      found.back().cases.push_back({true, line.substr(9)});
    } else if (line.starts_with("- does not: ")) {
      found.back().cases.push_back({false, line.substr(12)});
    }
  }
  return found;
}

/// "`shop/web` modifies `a`, `b` saying `message`": the words in backquotes, by the word before them.
Push described(const std::string& text) {
  Push push = test::push_of("", {});
  ChangedCommit& commit = push.commits[0];
  std::string verb;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find('`', at);
    if (open == std::string::npos) break;
    const auto close = text.find('`', open + 1);
    const std::string before = text.substr(at, open - at), word = text.substr(open + 1, close - open - 1);
    at = close + 1;
    if (before != ", ") verb = before;
    if (verb.empty())
      push.repository = RepoName(word);
    else if (verb == " modifies ")
      commit.modified.push_back(word);
    else if (verb == " adds ")
      commit.added.push_back(word);
    else if (verb == " removes ")
      commit.removed.push_back(word);
    else if (verb == " saying ")
      commit.message = word;
    else
      FAIL("what is '" << verb << "'?");
  }
  return push;
}

TEST_CASE("the guide's ten examples do what the guide says") {
  const auto all = examples();
  CHECK(all.size() == 10);
  for (const auto& example : all) {
    std::string block;
    std::istringstream lines(example.filter);
    for (std::string line; std::getline(lines, line);) block += "      " + line + "\n";
    const Matcher matcher(
        test::catalogue("templates: [{name: t, pipeline: p, repository: shop/*}]\ntriggers:\n  - name: a\n    "
                        "template: t\n    filter: |\n" +
                        block));
    CHECK_FALSE(example.cases.empty());
    for (const auto& one : example.cases) {
      INFO(example.filter << one.text);
      const auto verdict = matcher.judge(test::delivery_of(described(one.text)));
      CHECK(verdict.runs.size() == (one.fires ? 1u : 0u));
      for (const auto& skip : verdict.skipped) CHECK_FALSE(skip.error);
    }
  }
}

TEST_CASE("the guide's YAML can be loaded") {
  std::istringstream page(test::read(std::filesystem::path(SLIPWAY_SOURCE_DIR) / "config/README.md"));
  std::size_t whole = 0;
  for (std::string line; std::getline(page, line);) {
    if (line != "```yaml") continue;
    std::string text;
    for (std::string part; std::getline(page, part) && part != "```";) text += part + "\n";
    if (!text.starts_with("webhook:")) continue;
    const auto loaded = config::load_text(text, "guide.yaml", config::LoadOptions(false));
    if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
    ++whole;
  }
  CHECK(whole == 1);
}

}  // namespace
}  // namespace slipway::trigger

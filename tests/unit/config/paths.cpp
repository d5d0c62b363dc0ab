#include "config/paths.hpp"

#include <catch2/catch.hpp>

namespace slipway::config {
namespace {

TEST_CASE("one path rule") {
  struct Row {
    const char* rule;
    const char* path;
    bool matches;
  };
  const auto row = GENERATE(values<Row>({{"services/grading/", "services/grading/a.py", true},
                                         {"services/grading/", "services/grading/x/y.py", true},
                                         {"services/grading/", "services/grading", false},
                                         {"services/grading/", "services/grading-2/a.py", false},
                                         {"services/grading", "services/grading/a.py", true},
                                         {"services/grading", "services/grading", true},
                                         {"services/grading", "services/grading-2/a.py", false},
                                         {"./services/a/", "services/a/b", true},
                                         {"pom.xml", "pom.xml", true},
                                         {"pom.xml", "x/pom.xml", false},
                                         {"*.md", "README.md", true},
                                         {"*.md", "docs/README.md", false},
                                         {"**/*.md", "docs/a/README.md", true},
                                         {"**/*.md", "README.md", true},
                                         {"**", "anything/at/all", true},
                                         {"docs/**", "docs/a/b", true},
                                         {"docs/**", "docs", false},
                                         {"docs/*/", "docs/a/b/c", true},
                                         {"a/**/z", "a/z", true},
                                         {"a/**/z", "a/b/c/z", true},
                                         {"a/**/z", "a/bz", false},
                                         {"**/b", "ab", false},
                                         {"services/*/src/**", "services/a/src/x/y", true},
                                         {"services/*/src/**", "services/a/b/src/x", false},
                                         {"a?c", "abc", true},
                                         {"a?c", "a/c", false},
                                         {"[ab]x", "bx", true},
                                         {"[!ab]x", "bx", false},
                                         {"[!ab]x", "cx", true},
                                         {"[a-c]x", "bx", true},
                                         {"[a-c]x", "dx", false},
                                         {"[]]x", "]x", true},
                                         {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
                                         {"문서/*", "문서/설명서.md", true}}));
  INFO(row.rule << " on " << row.path);
  const auto rule = PathRule::parse(row.rule);
  REQUIRE(rule);
  CHECK(rule->matches(row.path) == row.matches);
}

TEST_CASE("a glob never hangs") {
  std::string pattern, path;
  for (int i = 0; i < 30; ++i) pattern += "**/*a", path += "aaaa/";
  const auto rule = PathRule::parse(pattern + "x");
  REQUIRE(rule);
  CHECK_FALSE(rule->matches(path + "aaaa"));
}

TEST_CASE("rules that cannot be meant") {
  for (const char* bad : {"", "!", "/etc/passwd", "a[b", "[", "[]"}) {
    INFO(bad);
    CHECK_FALSE(PathRule::parse(bad));
  }
}

PathRules rules(std::initializer_list<const char*> texts) {
  std::vector<PathRule> parsed;
  for (const char* text : texts) parsed.push_back(*PathRule::parse(text));
  return PathRules(std::move(parsed));
}

TEST_CASE("the last rule that matches decides") {
  struct Row {
    PathRules rules;
    const char* path;
    bool covered;
  };
  const auto row = GENERATE(values<Row>({{rules({"src/", "!src/docs/"}), "src/a", true},
                                         {rules({"src/", "!src/docs/"}), "src/docs/a", false},
                                         {rules({"src/", "!src/docs/", "src/docs/api.md"}), "src/docs/api.md", true},
                                         {rules({"!docs/"}), "src/a", true},
                                         {rules({"!docs/"}), "docs/a", false},
                                         {rules({"!**/*.md", "!docs/"}), "a/b.md", false},
                                         {rules({"src/"}), "other", false}}));
  INFO(row.path);
  CHECK(row.rules.covers(row.path) == row.covered);
}

TEST_CASE("removed files count, and those of every commit") {
  Push push;
  push.commits.resize(2);
  push.commits[1].removed = {"services/grading/old.py"};
  CHECK(rules({"services/grading/"}).first_covered(push) == "services/grading/old.py");
  CHECK_FALSE(rules({"services/report/"}).first_covered(push));
}

TEST_CASE("repository patterns") {
  struct Row {
    const char* pattern;
    const char* repository;
    bool matches, but_for_case;
  };
  const auto row = GENERATE(values<Row>({{"Org/name", "Org/name", true, false},
                                         {"Org/name", "org/Name", false, true},
                                         {"Org/name", "Fork/name", false, false},
                                         {"Org/name", "Org/name-2", false, false},
                                         {"Org/*", "Org/anything", true, false},
                                         {"Org/*", "Organisation/x", false, false},
                                         {"Org/*", "org/x", false, true},
                                         {"*/name", "Fork/name", true, false},
                                         {"*/name", "Fork/Name", false, true},
                                         {"*", "a/b", true, false}}));
  INFO(row.pattern << " on " << row.repository);
  const auto pattern = RepositoryPattern::parse(row.pattern);
  REQUIRE(pattern);
  CHECK(pattern->matches(RepoName(row.repository)) == row.matches);
  CHECK(pattern->matches_but_for_case(RepoName(row.repository)) == row.but_for_case);
  for (const char* bad : {"", "name", "a/b/c", "a/", "/b", "a b/c", "a/..", "a*/b", "a/b*"})
    CHECK_FALSE(RepositoryPattern::parse(bad));
}

}  // namespace
}  // namespace slipway::config

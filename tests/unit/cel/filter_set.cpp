#include <catch2/catch.hpp>

#include "cel/filter_set.hpp"
#include "cel/json.hpp"
#include "cel/prefix_tree.hpp"

using namespace slipway;
using namespace slipway::cel;

namespace {

// Filters of every shape that is looked up together, and some that only resemble them.
const char* const filters[] = {
    "body.commits.exists(c, c.added.exists(f, f.startsWith('services/a/')) || c.modified.exists(f, f.startsWith('services/a/')))",
    "body.commits.exists(c, c.added.exists(f, f.startsWith('services/a/') || f.startsWith('libs/') || f == 'Makefile'))",
    "body.commits.exists(c, c.modified.exists(f, f in ['Makefile', 'README.md']))",
    "body.commits.exists(c, (c.added + c.modified + c.removed).exists(f, 'README.md' == f))",
    "body.commits.exists(c, c.added.exists(f, f.endsWith('.md')))",
    "body.commits.exists(c, has(c.removed) && c.removed.exists(f, f.startsWith('')))",
    "body.commits.exists(c, c.added.exists(f, f.startsWith('services/')) && c.modified.exists(f, f.endsWith('.md')))",
    "body.commits.exists(c, c.added.exists(f, !f.startsWith('services/')))",
    "body.commits.exists(c, c.added.exists(f, f.startsWith(c.id)))",
    "body.commits.all(c, c.added.exists(f, f.startsWith('services/')))",
    "!body.commits.exists(c, c.added.exists(f, f.startsWith('services/b/')))",
    "body.commits.exists(c, c.added.exists(c, c.startsWith('services/')))",
    "body.commits.exists(body, body.added.exists(f, f.startsWith('services/')))",
    "[body].exists(body, body.commits.exists(c, c.added.exists(f, f.startsWith('services/'))))",
    "body.commits.exists(c, c.nope.exists(f, f.startsWith('x'))) || true",
    "body.ref == 'refs/heads/main'",
    "body.ref",
    "body.nope",
    // What several have in common, in the same words.
    "body.ref == 'refs/heads/main' && body.commits.exists(c, c.added.exists(f, f.startsWith('services/b/')))",
    "body.ref == 'refs/heads/main' && body.commits.exists(c, c.modified.exists(f, f == 'README.md'))",
    "body.commits.exists(c, c.id == 's') && body.ref == 'refs/heads/main'",
    "body.nope == 1 && body.ref == 'refs/heads/main'",
    "body.nope == 1 && body.ref == 'refs/heads/other'",
    "body.commits && body.ref == 'refs/heads/main'",
    "body.commits && body.ref == 'refs/heads/other'",
    "[body].exists(body, body.ref == 'refs/heads/other') || body.ref == 'refs/heads/main' && body.nope == 1",
};

const char* const bodies[] = {
    R"({"ref":"refs/heads/main","commits":[{"id":"s","added":["services/a/x"],"modified":["README.md"],"removed":[]}]})",
    R"({"commits":[{"id":"s","added":["Makefile","docs/x.md"],"modified":[],"removed":["x"]},{"id":"","added":[],"modified":["libs/z"],"removed":[]}]})",
    R"({"commits":[]})",
    R"({"commits":null})",
    R"({"commits":{"added":1}})",
    R"({})",
    R"({"commits":[{"added":null,"modified":["services/a/y"],"removed":["q"]}]})",
    R"({"commits":[{"modified":["services/a/y"]},{"added":["services/a/x"],"modified":[]}]})",
    R"({"commits":[{"added":[1],"modified":["services/a/y"],"removed":[]},{"added":["services/a/x"],"modified":[],"removed":[]}]})",
    R"({"commits":[[],"x",3]})",
    R"({"commits":[{"added":{"services/a/":1},"modified":{},"removed":{}}]})",
};

std::string text(const Result<bool>& verdict) { return !verdict ? verdict.error().what() : *verdict ? "true" : "false"; }

}  // namespace

TEST_CASE("filters judged together decide as each alone, whatever the payload", "[cel]") {
  std::vector<Program> programs;
  for (const char* filter : filters) {
    INFO(filter);
    auto program = Program::compile(filter);
    REQUIRE(program);
    programs.push_back(*program);
  }
  const FilterSet set(programs);
  REQUIRE(set.size() == programs.size());
  for (const char* json : bodies) {
    const auto body = parse_body(json);
    REQUIRE(body);
    Bindings bindings;
    bindings.body = &*body;
    const auto judgement = set.judge(bindings);
    for (std::size_t i = 0; i < programs.size(); ++i) {
      INFO(filters[i] << "\n" << json);
      const auto& verdict = judgement.verdict(i);
      CHECK(text(verdict) == text(programs[i].test(bindings)));
      if (verdict && !*verdict) {
        const std::string why = programs[i].explain(bindings).text;
        CHECK(judgement.refusal(i, bindings) == why);
        CHECK(programs[i].refusal(bindings) == why);
      }
    }
  }
}

TEST_CASE("a set without filters and without a body", "[cel]") {
  CHECK(FilterSet({}).test(Bindings()).empty());
  const auto program = Program::compile("size(body) == 0");
  REQUIRE(program);
  CHECK(text(FilterSet({*program}).test(Bindings())[0]) == "true");
}

TEST_CASE("a prefix tree finds what beginning with each prefix finds", "[cel]") {
  const std::vector<std::string> prefixes{"", "a", "ab", "abc", "abd", "b/", "b/c", "b/c/d", "services/x/", "services/xy/", "services/", "ab", "\xC3\xA9"};
  std::vector<std::pair<std::string, std::uint32_t>> numbered;
  for (std::uint32_t i = 0; i < prefixes.size(); ++i) numbered.emplace_back(prefixes[i], i);
  const PrefixTree tree(numbered);
  for (const std::string text : {"", "a", "abcd", "abd", "b", "b/c/d/e", "services/xy/z", "services/", "service", "\xC3\xA9t", "\xC3", "zzz"}) {
    std::vector<bool> found(prefixes.size());
    tree.each_prefix_of(text, [&](std::uint32_t number) { found[number] = true; });
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      INFO("'" << text << "' and '" << prefixes[i] << "'");
      CHECK(found[i] == text.starts_with(prefixes[i]));
    }
  }
  PrefixTree().each_prefix_of("a", [](std::uint32_t) { FAIL("an empty tree holds nothing"); });
}

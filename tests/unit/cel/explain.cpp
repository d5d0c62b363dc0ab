#include <catch2/catch.hpp>

#include "cel/json.hpp"
#include "cel/program.hpp"

using namespace slipway;
using namespace slipway::cel;
using Verdict = Explanation::Verdict;

namespace {

const char* const push = R"({
  "ref": "refs/heads/main", "total_commits": 3, "draft": false,
  "repository": {"name": "Joossam", "full_name": "Lumie-Edu/Joossam", "private": true},
  "commits": [
    {"message": "FIX: one", "added": ["services/gradign/a.py"], "modified": ["README.md"], "removed": []},
    {"message": "FEAT: two", "added": [], "modified": ["docs/x.md", "docs/y.md", "README.md"], "removed": []}
  ]
})";

struct Case {
  const char* filter;
  Verdict verdict;
  const char* expression;
  const char* text;  // what the sentence ends in
};

const Case cases[] = {
    // The smallest part that decided, with the values seen.
    {"body.ref == 'refs/heads/dev'", Verdict::not_matched, "body.ref == 'refs/heads/dev'", "is false: body.ref is 'refs/heads/main'"},
    {"body.total_commits > 5 || body.draft", Verdict::not_matched, "body.total_commits > 5 || body.draft",
     "is false: body.total_commits is 3; body.draft is false"},
    {"body.draft", Verdict::not_matched, "body.draft", "`body.draft` is false"},
    {"header.match('X-Gitea-Event', 'push') && body.repository.name in ['joossam']", Verdict::not_matched,
     "body.repository.name in ['joossam']",
     "is false: body.repository.name is 'Joossam'; did you mean 'Joossam' where 'joossam' is written?"},
    {"body.ref.startsWith('refs/head/')", Verdict::not_matched, "body.ref.startsWith('refs/head/')",
     "is false: body.ref is 'refs/heads/main'; did you mean 'refs/heads' where 'refs/head/' is written?"},
    {"body.ref.startsWith('refs/haeds/')", Verdict::not_matched, "body.ref.startsWith('refs/haeds/')",
     "is false: body.ref is 'refs/heads/main'; did you mean 'refs/heads/' where 'refs/haeds/' is written?"},
    {"body.repository.name in []", Verdict::not_matched, "body.repository.name in []", "is false: body.repository.name is 'Joossam'"},
    {"header.match('x-gitea-event', 'pull_request')", Verdict::not_matched, "header.match('x-gitea-event', 'pull_request')",
     "is false: X-Gitea-Event is 'push'"},
    {"!header.match('X-Gitea-Event', 'push')", Verdict::not_matched, "!header.match('X-Gitea-Event', 'push')", "is false: X-Gitea-Event is 'push'"},
    {"header.match('X-Gitea-Evnet', 'push')", Verdict::not_matched, "header.match('X-Gitea-Evnet', 'push')",
     "is false: header has no X-Gitea-Evnet (did you mean \"X-Gitea-Event\"?)"},
    {"!body.repository.private", Verdict::not_matched, "!body.repository.private", "is false: body.repository.private is true"},
    {"body.ref == 'x' ? true : body.ref.endsWith('dev')", Verdict::not_matched, "body.ref.endsWith('dev')",
     "is false: body.ref is 'refs/heads/main'"},
    {"body.ref.split('/')[2] == 'dev'", Verdict::not_matched, "body.ref.split('/')[2] == 'dev'", "is false: body.ref.split('/')[2] is 'main'"},
    // Paths: how many were seen, which, and the folder that was probably meant.
    {"body.commits.exists(c, c.added.exists(f, f.startsWith('services/grading/')) || c.modified.exists(f, f.startsWith('services/grading/')))",
     Verdict::not_matched,
     "body.commits.exists(c, c.added.exists(f, f.startsWith('services/grading/')) || c.modified.exists(f, f.startsWith('services/grading/')))",
     "none of the 4 paths in added and modified of body.commits begins with 'services/grading/': 'services/gradign/a.py' and 3 more; did you mean 'services/gradign/' where 'services/grading/' is written?"},
    {"body.commits.exists(c, c.removed.exists(f, f == 'a'))", Verdict::not_matched, "body.commits.exists(c, c.removed.exists(f, f == 'a'))",
     "is false: there are no paths in removed of body.commits"},
    {"body.commits.exists(c, c.message.startsWith('DOCS'))", Verdict::not_matched, "body.commits.exists(c, c.message.startsWith('DOCS'))",
     "is false: it holds for none of the 2 in body.commits; of the first, c.message is 'FIX: one'"},
    {"body.commits.all(c, c.message.startsWith('FIX'))", Verdict::not_matched, "body.commits.all(c, c.message.startsWith('FIX'))",
     "is false: not for number 2 of 2 in body.commits: c.message is 'FEAT: two'"},
    {"body.commits.exists_one(c, c.modified.size() > 0)", Verdict::not_matched, "body.commits.exists_one(c, c.modified.size() > 0)",
     "is false: it holds for 2 of the 2 in body.commits"},
    {"has(body.repository.fullname)", Verdict::not_matched, "has(body.repository.fullname)",
     "is false: body.repository is an object with the fields name, full_name, private (did you mean \"full_name\"?)"},
    // Errors: the part that erred, and what was there instead.
    {"body.ref == 'x' || body.repositry.name == 'a'", Verdict::error, "body.repositry",
     "`body.repositry`: no such key: repositry; body is an object with the fields ref, total_commits, draft, repository, commits "
     "(did you mean \"repository\"?)"},
    {"body.commits.exists(c, c.author.name == 'x')", Verdict::error, "c.author",
     "no such key: author; c is an object with the fields message, added, modified, removed"},
    {"body.total_commits + 1 > 2", Verdict::error, "body.total_commits + 1", "no such overload; body.total_commits is 3 (the numbers of a body are doubles: write 1.0)"},
    {"header['x-gitea-event'][0] == 'push'", Verdict::error, "header['x-gitea-event']",
     "no such key: x-gitea-event; header is an object with the field X-Gitea-Event (did you mean \"X-Gitea-Event\"?)"},
    {"body.ref && true", Verdict::error, "body.ref", "it has to be a boolean, and is 'refs/heads/main'"},
    {"body.ref.exists(c, true)", Verdict::error, "body.ref", "it has to be a list or an object, and is 'refs/heads/main'"},
    {"body.commits[7].message == ''", Verdict::error, "body.commits[7]", "index out of bounds: 7; body.commits is [an object with the fields "
     "message, added, modified, removed, an object with the fields message, added, modified, removed]"},
    // A filter has to be true, not merely something.
    {"body.ref", Verdict::not_matched, "body.ref", "`body.ref` is not a boolean: a filter has to be true, this is 'refs/heads/main'"},
    // And what made it match.
    {"body.ref == 'refs/heads/main'", Verdict::matched, "body.ref == 'refs/heads/main'", "is true: body.ref is 'refs/heads/main'"},
    {"body.draft || body.total_commits == 3", Verdict::matched, "body.total_commits == 3", "is true: body.total_commits is 3"},
    {"body.commits.exists(c, c.modified.exists(f, f.startsWith('docs/')))", Verdict::matched,
     "body.commits.exists(c, c.modified.exists(f, f.startsWith('docs/')))", "is true: f is 'docs/x.md'"},
};

}  // namespace

TEST_CASE("a filter explains what decided it", "[cel]") {
  const auto body = parse_body(push);
  REQUIRE(body);
  const HeaderMap header{{"X-Gitea-Event", {"push"}}};
  Bindings bindings;
  bindings.body = &*body;
  bindings.header = &header;
  for (const Case& c : cases) {
    INFO(c.filter);
    const auto program = Program::compile(c.filter);
    REQUIRE(program);
    const Explanation explanation = program->explain(bindings);
    CHECK(explanation.verdict == c.verdict);
    CHECK(explanation.expression == c.expression);
    CHECK_THAT(explanation.text, Catch::EndsWith(c.text));
  }
}

TEST_CASE("an explanation points at its part of the file", "[cel]") {
  const auto program = Program::compile("true\n  && body.ref == 'x'", Position("slipway.yaml", 12, 9));
  REQUIRE(program);
  const auto body = parse_body(push);
  Bindings bindings;
  bindings.body = &*body;
  CHECK(program->explain(bindings).where == Position("slipway.yaml", 13, 6));
}

TEST_CASE("the first line of an expression begins where it stands", "[cel]") {
  const auto failed = Program::compile("bdy.ref == 'x'", Position("slipway.yaml", 12, 9));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text() ==
        "slipway.yaml:12:9: undeclared reference to 'bdy' (in container '') (did you mean \"body\"?)\n | bdy.ref == 'x'\n | ^");
}

TEST_CASE("errors show the line and a caret", "[cel]") {
  struct Row {
    const char* source;
    const char* text;
  };
  const Row rows[] = {
      {"body.ref = 'x'", "1:10: Syntax error: token recognition error at: '=' (equality is written ==)\n | body.ref = 'x'\n | .........^"},
      {"1 +", "1:4: Syntax error: unexpected the end of the expression, expecting an expression\n | 1 +\n | ...^"},
      {"true &&\n 'é' == 1", "2:7: found no matching overload for '_==_' applied to '(string, int)'\n |  'é' == 1\n | .....^"},
      {"body.commits.any(c, true)", "1:17: undeclared reference to 'any' (in container '')"},
      {"'a'.matches('[')", "1:12: error parsing regexp: missing ]: [: `[`\n | 'a'.matches('[')\n | ...........^"},
      {"body.name.startswith('a')", "1:21: undeclared reference to 'startswith' (in container '') (did you mean \"startsWith\"?)"},
      {"$(body.ref)", "1:1: Syntax error: token recognition error at: '$' (an expression is written without $( ))"},
  };
  for (const Row& row : rows) {
    const auto failed = Program::compile(row.source);
    REQUIRE_FALSE(failed);
    CHECK_THAT(failed.error().text(), Catch::StartsWith(row.text));
  }
}

TEST_CASE("commits that are an object are walked through by their keys, and explained so", "[cel]") {
  const auto program = Program::compile("body.commits.exists(c, has(c.removed) && c.removed.exists(f, f.startsWith('a/')))");
  const auto body = parse_body(R"({"commits":{"added":1,"removed":{"a":2}}})");
  REQUIRE(program);
  REQUIRE(body);
  Bindings bindings;
  bindings.body = &*body;
  const auto explanation = program->explain(bindings);
  CHECK(explanation.verdict == Verdict::not_matched);
  CHECK(explanation.text.find("it holds for none of the 2 in body.commits") != std::string::npos);
}

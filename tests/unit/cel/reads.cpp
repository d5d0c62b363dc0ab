#include <catch2/catch.hpp>

#include "cel/program.hpp"

namespace slipway::cel {
namespace {

using Paths = std::vector<std::string>;

TEST_CASE("the parts of the body that an expression looks at") {
  struct Row {
    const char* expression;
    std::optional<Paths> paths;
  };
  const auto row = GENERATE(values<Row>({
      {"true", Paths{}},
      {"header.match('X-Gitea-Event', 'push') && extensions.x == 1", Paths{}},
      {"body.ref == 'refs/heads/main'", Paths{"ref"}},
      {"body['ref'] == 'x'", Paths{"ref"}},
      {"body.ref.split('/')[2] == 'main'", Paths{"ref"}},
      {"body.repository.name in ['a', body.after]", Paths{"after", "repository.name"}},
      {"size(body.commits) > 2", Paths{"commits#"}},
      {"body.commits.size() > 2", Paths{"commits#"}},
      {"body.commits[0].id == body.after", Paths{"after", "commits[].id"}},
      {"has(body.pusher) && has(body.repository.fork)", Paths{"pusher", "repository.fork"}},
      {"body.commits.exists(c, c.added.exists(f, f.startsWith('a/')) || c.modified.exists(f, f == 'b'))",
       Paths{"commits#", "commits[].added#", "commits[].added[]", "commits[].modified#", "commits[].modified[]"}},
      {"body.commits.exists(body, body.message.contains('[skip]'))", Paths{"commits#", "commits[].message"}},
      {"body.commits.exists(c, body.commits.all(d, c.id == d.id))", Paths{"commits#", "commits[].id"}},
      {"body.commits.map(c, c.id).join(',') == ''", Paths{"commits#", "commits[].id"}},
      {"body.commits.filter(c, c.id == 'x').size() > 0", Paths{"commits", "commits#", "commits[].id"}},
      {"['x'].exists(c, c == body.ref)", Paths{"ref"}},
      {"body.repository == {}", Paths{"repository"}},
      {"body.repository.exists(k, k == 'name')", Paths{"repository#", "repository[]"}},
      {"'ref' in body", std::nullopt},
      {"body.marshalJSON() != ''", std::nullopt},
      {"body[body.ref] == 1", std::nullopt},
      {"body.exists(k, k == 'x')", Paths{"#", "[]"}},
  }));
  INFO(row.expression);
  const auto program = Program::compile(row.expression);
  REQUIRE(program);
  CHECK(program->body_reads() == row.paths);
}

TEST_CASE("what is known of a value before it is there") {
  struct Row {
    const char* expression;
    const char* type;
    bool may_be_boolean;
  };
  const auto row = GENERATE(values<Row>({
      {"body.ref == 'x'", "bool", true},
      {"body.flag", "dyn", true},
      {"true ? body.ref : 1", "dyn", true},
      {"google.protobuf.BoolValue{value: true}", "wrapper(bool)", true},
      {"1", "int", false},
      {"'a'", "string", false},
      {"null", "null", false},
      {"body.ref.split('/')", "list(string)", false},
      {"{'a': true}", "map(string, bool)", false},
      {"bool", "type(bool)", false},
  }));
  INFO(row.expression);
  const auto program = Program::compile(row.expression);
  REQUIRE(program);
  CHECK(program->type() == row.type);
  CHECK(program->may_be_boolean() == row.may_be_boolean);
}

}  // namespace
}  // namespace slipway::cel

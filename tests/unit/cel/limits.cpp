#include <catch2/catch.hpp>

#include "cel/json.hpp"
#include "cel/program.hpp"

// No expression and no payload can hang the daemon or overflow its stack.

using namespace slipway;
using namespace slipway::cel;

namespace {

std::string repeated(const std::string& text, int count) {
  std::string made;
  for (int i = 0; i < count; ++i) made += text;
  return made;
}

std::string error_of(const std::string& source, const Bindings& bindings = Bindings()) {
  const auto program = Program::compile(source);
  if (!program) return program.error().what().substr(0, program.error().what().find('\n'));
  const auto value = program->evaluate(bindings);
  return value ? "" : value.error().what();
}

}  // namespace

TEST_CASE("the parser's limits are cel-go's", "[cel]") {
  CHECK(error_of(repeated("(", 249) + "1" + repeated(")", 249)) == "");
  CHECK(error_of(repeated("(", 250) + "1" + repeated(")", 250)) == "expression recursion limit exceeded: 250");
  CHECK(error_of(repeated("[", 250) + repeated("]", 250)) == "");
  CHECK(error_of(repeated("[", 251) + repeated("]", 251)) == "expression recursion limit exceeded: 250");
  CHECK(error_of("1" + repeated("+1", 250)) == "");
  CHECK(error_of("1" + repeated("+1", 251)) == "max recursion depth exceeded");
  CHECK(error_of("{}" + repeated("['a']", 251)) == "max recursion depth exceeded");
  // It counts comparisons and calculations apart from expressions, and right operands once more.
  CHECK(error_of(repeated("(1 + ", 124) + "1" + repeated(")", 124)) == "");
  CHECK(error_of(repeated("(1 + ", 125) + "1" + repeated(")", 125)) == "expression recursion limit exceeded: 250");
  CHECK(error_of(repeated("0 + 0 * (", 83) + "1" + repeated(")", 83)) == "");
  CHECK(error_of(repeated("0 + 0 * (", 84) + "1" + repeated(")", 84)) == "expression recursion limit exceeded: 250");
  CHECK(error_of(repeated("true == (", 124) + "true" + repeated(")", 124)) == "");
  CHECK(error_of(repeated("true == (", 125) + "true" + repeated(")", 125)) == "expression recursion limit exceeded: 250");
  CHECK(error_of(repeated("!", 5'000) + "true") == "");
  CHECK(error_of("true" + repeated(" && true", 5'000)) == "");
  CHECK(error_of(std::string(100'001, ' ')) == "expression code point size exceeds limit: size: 100001, limit 100000");
  CHECK(error_of(repeated("(", 50'000)) == "expression recursion limit exceeded: 250");
}

TEST_CASE("types that nested macros make exponentially large end the check", "[cel]") {
  CHECK_THAT(error_of("[1]" + repeated(".map(a, {a: a})", 200)), Catch::Contains("too large to check"));
}

TEST_CASE("an evaluation that takes too long or too much memory is an error", "[cel]") {
  const std::string endless = "lists.range(1000000).exists(a, lists.range(1000000).exists(b, a + b < 0))";
  CHECK(error_of(endless) == "the evaluation takes too long");
  CHECK(error_of("true || " + endless) == "");
  CHECK(error_of(endless + " || true") == "the evaluation takes too long");
  CHECK(error_of("[0].map(x, 'abcdefgh')" + repeated(".map(x, x + x)", 60)) == "the evaluation takes too long");
  CHECK(error_of("[[0]]" + repeated(".map(x, x + x)", 60)) == "the evaluation takes too long");
  CHECK(error_of("lists.range(1000000).map(x, lists.range(1000000))") == "the evaluation takes too long");
  CHECK(error_of("lists.range(1000001)") == "lists.range: size 1000001 exceeds maximum allowed (1000000)");
}

TEST_CASE("a deeply nested payload is walked without recursion", "[cel]") {
  const auto body = parse_body("{\"a\":" + repeated("[", 9'999) + repeated("]", 9'999) + "}");
  REQUIRE(body);
  Bindings bindings;
  bindings.body = &*body;
  CHECK(error_of("size(body.a) == 1", bindings) == "");
  CHECK(error_of("body == body", bindings) == "the evaluation takes too long");
  CHECK(error_of("body.marshalJSON() == ''", bindings) != "");
  CHECK(error_of("[body.a].flatten(100000).size() == 1", bindings) == "");
  CHECK_FALSE(parse_body("{\"a\":" + repeated("[", 10'000) + repeated("]", 10'000) + "}"));
}

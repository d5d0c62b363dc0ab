#include "config/references.hpp"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "config/json_path.hpp"
#include "config/yaml_text.hpp"

namespace slipway::config {
namespace {

TEST_CASE("references are put in once, and unknown ones stay") {
  const auto put_in = [](std::string_view text) {
    return replace_references(text, [](std::string_view name) -> std::optional<std::string> {
      if (name == "a") return "$(b)";
      if (name == "x[?(@.y)]") return "path";
      return std::nullopt;
    });
  };
  CHECK(put_in("no reference") == "no reference");
  CHECK(put_in("$(a)/$(a)-$(c)") == "$(b)/$(b)-$(c)");
  CHECK(put_in("$(x[?(@.y)])") == "path");
  CHECK(put_in("$(a") == "$(a");
  CHECK(put_in("$a $() )$(") == "$a $() )$(");
  CHECK(references_in("$(a) $(b.c[0]) $(d") == std::vector<std::string>{"a", "b.c[0]"});
}

TEST_CASE("paths of bindings") {
  rapidjson::Document body;
  body.Parse(
      R"({"after":"abc","n":1.5,"yes":true,"none":null,"o":{"a.b":"dotted","l":[{"x":1},{"x":2}]},"quote\"d":"q"})");
  struct Row {
    const char* path;
    std::optional<std::string> value;
  };
  const auto row = GENERATE(values<Row>({{"body.after", "abc"},
                                         {"body.n", "1.5"},
                                         {"body.yes", "true"},
                                         {"body.none", "null"},
                                         {"body['after']", "abc"},
                                         {"body[\"after\"]", "abc"},
                                         {"body.o['a.b']", "dotted"},
                                         {"body.o.a\\.b", "dotted"},
                                         {"body.o.l[0].x", "1"},
                                         {"body.o.l[-1].x", "2"},
                                         {"body.o.l[*].x", "[1,2]"},
                                         {"body.o.l", R"([{"x":1},{"x":2}])"},
                                         {"body.o.l[0:1].x", "1"},
                                         {"body.o.l[1:].x", "2"},
                                         {"body.o.l[:-1].x", "1"},
                                         {"body.o.l[0:2].x", "[1,2]"},
                                         {"body.o.l[2:2]", "[]"},
                                         {"body.o.l[1:3]", std::nullopt},
                                         {"body.o.l[*].nope", std::nullopt},
                                         {"body.o.l[2:].x", "[]"},
                                         {"body.o.l.*", R"([{"x":1},{"x":2}])"},
                                         {"body.o[*]", std::nullopt},
                                         {".body.after", "abc"},
                                         {"{.body.after}", "abc"},
                                         {"body.o.l[2]", std::nullopt},
                                         {"body.after.x", std::nullopt},
                                         {"body.nope", std::nullopt}}));
  INFO(row.path);
  const auto path = JsonPath::parse(row.path);
  REQUIRE(path);
  CHECK(path->root() == "body");
  const auto value = path->read(body);
  CHECK(static_cast<bool>(value) == row.value.has_value());
  if (value && row.value) CHECK(*value == *row.value);
  for (const char* bad : {"body.", "body..a", "body[", "body[x]", "body['a]", "body[0,1]", "body[?(@.x)]", "body[1:x]"}) CHECK_FALSE(JsonPath::parse(bad));
}

TEST_CASE("scalars are written so that they are read back as they are") {
  for (const char* text :
       {"",   "a",  "true", "No",   "null", "~",   "04758206", "1e234567",   "0x1",  "- a",      "a: b", "a #b", " a",
        "a ", "'",  "\"",   "\\",   "[a]",  "{a}", "$(x)",     "a\nb",       "한글", "!x",       "&x",   "*x",   "%x",
        "@x", "`x", ".5",   ".inf", "./a",  "=",   "<<",       "2001-01-01", "a,b",  "key: [1]", "?",    "y"}) {
    INFO(text);
    const auto node = YAML::Load("key: " + yaml_scalar(text) + "\n");
    REQUIRE(node["key"].IsScalar());
    CHECK(node["key"].Scalar() == text);
    CHECK(YAML::Load("- " + yaml_scalar(text))[0].Scalar() == text);
  }
}

}  // namespace
}  // namespace slipway::config

#include "edit/path.hpp"

#include <catch2/catch.hpp>
#include <string>

using slipway::edit::Assignment;
using slipway::edit::Index;
using slipway::edit::Key;
using slipway::edit::Match;
using slipway::edit::Path;
using slipway::edit::Step;

TEST_CASE("a path reads as steps") {
  struct Row {
    std::string text;
    std::vector<Step> steps;
    std::string written;  // empty: as it was
  };
  const std::vector<Row> rows = {
      {"tag", {Key{"tag"}}, ""},
      {"a.b", {Key{"a"}, Key{"b"}}, ""},
      {".a.b", {Key{"a"}, Key{"b"}}, "a.b"},
      {"a[0]", {Key{"a"}, Index{0}}, ""},
      {"a[10].b", {Key{"a"}, Index{10}, Key{"b"}}, ""},
      {"[1]", {Index{1}}, ""},
      {"a[0][1]", {Key{"a"}, Index{0}, Index{1}}, ""},
      {"a[name=web].b", {Key{"a"}, Match{"name", "web"}, Key{"b"}}, ""},
      {"a[name=\"w]e\\\"b\"]", {Key{"a"}, Match{"name", "w]e\"b"}}, ""},
      {"a[name=x=y]", {Key{"a"}, Match{"name", "x=y"}}, "a[name=\"x=y\"]"},
      {"a[name=example.org/web]", {Key{"a"}, Match{"name", "example.org/web"}}, ""},
      {"a.\"key.with.dots\".b", {Key{"a"}, Key{"key.with.dots"}, Key{"b"}}, ""},
      {"'key.with.dots'", {Key{"key.with.dots"}}, "\"key.with.dots\""},
      {"'it''s'", {Key{"it's"}}, "\"it's\""},
      {"a[\"b.c\"]", {Key{"a"}, Key{"b.c"}}, "a.\"b.c\""},
      {"\"\"", {Key{""}}, ""},
      {"my-key_1/x", {Key{"my-key_1/x"}}, ""},
      {"이미지.태그", {Key{"이미지"}, Key{"태그"}}, ""},
      {"\"doc\"[1]", {Key{"doc"}, Index{1}}, ""},
      {"doc.tag", {Key{"doc"}, Key{"tag"}}, "\"doc\".tag"},
      {"document[1]", {Key{"document"}, Index{1}}, ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto path = Path::parse(row.text);
    REQUIRE(path);
    CHECK(path->steps() == row.steps);
    CHECK_FALSE(path->document());
    CHECK(path->text() == (row.written.empty() ? row.text : row.written));
    CHECK(*Path::parse(path->text()) == *path);
  }
}

TEST_CASE("doc[N] at the beginning picks a document") {
  const auto path = Path::parse(".doc[1].a");
  REQUIRE(path);
  CHECK(path->document() == 1u);
  CHECK(path->steps() == std::vector<Step>{Key{"a"}});
  CHECK(path->text() == "doc[1].a");
  CHECK(Path::parse("doc[0][name=web].x")->text() == "doc[0][name=web].x");
}

TEST_CASE("a sibling stands beside the last step") {
  CHECK(Path::parse("doc[1].image.tag")->sibling("repository").text() == "doc[1].image.repository");
  CHECK(Path::parse("a[0]")->sibling("x").text() == "a.x");
}

TEST_CASE("a wrong path says where it is wrong") {
  struct Row {
    std::string text;
    std::string error;
  };
  const std::vector<Row> rows = {
      {"", "1:1: the path is empty, in the path ''"},
      {".", "1:2: the path is empty, in the path '.'"},
      {"a.", "1:3: the path ends with a dot, in the path 'a.'"},
      {"a..b", "1:3: a key is missing here, in the path 'a..b'"},
      {"a.[0]", "1:3: no dot before '[', in the path 'a.[0]'"},
      {"a[0]b", "1:5: expected '.' or '[' here, in the path 'a[0]b'"},
      {"a[0", "1:3: this '[' is not closed, in the path 'a[0'"},
      {"a[web]", "1:3: in brackets stands an index from 0 or key=value, in the path 'a[web]'"},
      {"a[-1]", "1:3: in brackets stands an index from 0 or key=value, in the path 'a[-1]'"},
      {"a[99999999999999999999]",
       "1:3: in brackets stands an index from 0 or key=value, in the path 'a[99999999999999999999]'"},
      {"a[]", "1:3: in brackets stands an index from 0 or key=value, in the path 'a[]'"},
      {"a[=b]", "1:5: the key before '=' is empty, in the path 'a[=b]'"},
      {"a]", "1:2: this ']' has no '['; such a key is written in double quotes, in the path 'a]'"},
      {"\"a", "1:1: this quote is not closed, in the path '\"a'"},
      {"\"a\"b", "1:4: expected '.' or '[' here, in the path '\"a\"b'"},
      {"\"a\\n\"", "1:4: only \\\" and \\\\ are escapes here, in the path '\"a\\n\"'"},
      {"doc[1]",
       "1:7: this names a whole document; a key that is called doc is written \"doc\", in quotes, in the path "
       "'doc[1]'"},
      {"a\xff", "1:3: this is not UTF-8, in the path 'a\xef\xbf\xbd'"},
  };
  for (const Row& row : rows) {
    const auto path = Path::parse(row.text);
    INFO(row.text);
    REQUIRE_FALSE(path);
    CHECK(path.error().text() == row.error);
  }
}

TEST_CASE("a path has at most 256 steps") {
  std::string text = "a";
  while (text.size() < 511) text += ".a";
  CHECK(Path::parse(text));
  CHECK(Path::parse(text + ".a").error().where().column == 513);
}

TEST_CASE("the value of an assignment starts after the first = outside brackets and quotes") {
  struct Row {
    std::string text, path, value;
  };
  const std::vector<Row> rows = {
      {"image.tag=04758206", "image.tag", "04758206"},
      {"a=", "a", ""},
      {"a=b=c", "a", "b=c"},
      {"a[name=web].tag=v=1", "a[name=web].tag", "v=1"},
      {"\"a=b\".c=d", "\"a=b\".c", "d"},
      {"a[name=\"x]=\"].c=d", "a[name=\"x]=\"].c", "d"},
      {"a= spaces stay ", "a", " spaces stay "},
      {"doc[1].a=\"quoted\"", "doc[1].a", "\"quoted\""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto assignment = Assignment::parse(row.text);
    REQUIRE(assignment);
    CHECK(assignment->path.text() == row.path);
    CHECK(assignment->value == row.value);
  }
  CHECK(Assignment::parse("image.tag").error().text() == "expected PATH=VALUE, there is no '=' in 'image.tag'");
  CHECK(Assignment::parse("=x").error().text() == "1:1: the path is empty, in the path '=x'");
  CHECK(Assignment::parse("a[name=web]").error().what() == "expected PATH=VALUE, there is no '=' in 'a[name=web]'");
}

#include <catch2/catch.hpp>
#include <string>

#include "edit/edit.hpp"

using slipway::edit::Assignment;
using slipway::edit::Options;
using slipway::edit::Path;

namespace {

Path path(std::string_view text) {
  return *Path::parse(text);
}

}  // namespace

TEST_CASE("the present value reads as text") {
  const std::string file =
      "image: &image\n  tag: 04758206 # c\n  none:\n  empty: ''\n  text: |\n    a\n    b\nweb: *image\napi:\n  <<: "
      "*image\n"
      "list: [a, {name: web, port: 80}]\nnull: ~\n";
  struct Row {
    std::string path;
    std::optional<std::string> value;
  };
  const std::vector<Row> rows = {
      {"image.tag", "04758206"},
      {"image.none", std::nullopt},
      {"image.empty", ""},
      {"image.text", "a\nb\n"},
      {"web.tag", "04758206"},
      {"api.tag", "04758206"},
      {"list[0]", "a"},
      {"list[name=web].port", "80"},
      {"list[7]", std::nullopt},
      {"nothing.at", std::nullopt},
      {"image.none.x", std::nullopt},
      {"\"null\"", std::nullopt},
  };
  for (const Row& row : rows) {
    INFO(row.path);
    const auto value = slipway::edit::read(file, path(row.path));
    REQUIRE(value);
    CHECK(*value == row.value);
  }
  Options options;
  options.file = "values.yaml";
  CHECK(slipway::edit::read(file, path("image"), options).error().text() ==
        "values.yaml:2:3: 'image' is no single value");
  CHECK(slipway::edit::read(file, path("list.name"), options).error().text() ==
        "values.yaml:11:7: 'list' is a sequence, it has no key 'name'; an item is named by [0] or [name=value]");
  CHECK(slipway::edit::read("a: [", path("a"), options).error().text() == "values.yaml:1:4: this '[' is not closed");
}

TEST_CASE("a value that cannot be written is refused") {
  CHECK(slipway::edit::replace("a: b\n", path("a"), "\xff").error().what() == "the new value of 'a' is not UTF-8");
  CHECK(slipway::edit::replace("a: b\n", path("a"), std::string(70000, 'x')).error().what() ==
        "the new value of 'a' has 70000 bytes, more than 65536");
  CHECK(slipway::edit::replace("a: b\n", Path(), "x").error().what() == "the path is empty");
  CHECK(slipway::edit::replace(std::string(33u << 20, ' '), path("a"), "x").error().text() ==
        "1:1: the file has 34603008 bytes, more than the 33554432 that are edited");
}

TEST_CASE("values with line breaks and control characters are written as escapes") {
  const auto after = slipway::edit::replace("a: b # c\n", path("a"), std::string("a\nb\0\x1b\t", 6));
  REQUIRE(after);
  CHECK(*after == "a: \"a\\nb\\u0000\\u001B\\t\" # c\n");
  CHECK(*slipway::edit::read(*after, path("a")) == std::string("a\nb\0\x1b\t", 6));
}

TEST_CASE("no assignment changes nothing, and still asks for a file that can be read") {
  CHECK(*slipway::edit::replace("a: b\n", std::span<const Assignment>()) == "a: b\n");
  CHECK_FALSE(slipway::edit::replace("a: [b\n", std::span<const Assignment>()));
}

TEST_CASE("one place given twice is fine as long as the values agree") {
  const std::vector<Assignment> same = {Assignment(path("a"), "x"), Assignment(path(".\"a\""), "x")};
  CHECK(*slipway::edit::replace("a: b\n", same) == "a: \"x\"\n");
  const std::vector<Assignment> other = {Assignment(path("a"), "x"), Assignment(path("doc[0].a"), "y")};
  CHECK(slipway::edit::replace("a: b\n", other).error().text() ==
        "1:4: 'a' and 'doc[0].a' are the same place and get different values");
}

TEST_CASE("a file of 5 MB is edited at its end, and at a value in its middle") {
  std::string file;
  while (file.size() < (5u << 20))
    file += "- name: item" + std::to_string(file.size()) + "\n  image: {tag: old} # c\n  list: [a, 'b', \"c\"]\n";
  const std::string middle = file.substr(file.find("item", file.size() / 2), 20);
  const std::string name = middle.substr(0, middle.find('\n'));
  file += "- name: last\n  tag: |\n    old\n";
  const std::vector<Assignment> both = {Assignment(path("[name=last].tag"), "new"),
                                        Assignment(path("[name=" + name + "].image.tag"), "new")};
  const auto after = slipway::edit::replace(file, both);
  REQUIRE(after);
  std::string expected = file.substr(0, file.size() - std::string("|\n    old\n").size()) + "\"new\"\n";
  expected.replace(expected.find("old", expected.find(name + "\n")), 3, "\"new\"");
  CHECK((*after == expected));
}

TEST_CASE("what could take time without bound is linear or refused") {
  const std::size_t size = 1u << 18;
  const auto repeated = [&](std::string_view piece) {
    std::string text;
    while (text.size() < size) text += piece;
    return text;
  };
  const std::string inputs[] = {
      repeated("["),
      repeated("{"),
      repeated("- "),
      repeated("? "),
      repeated("a: "),
      repeated("\n"),
      repeated(" "),
      repeated("\t"),
      repeated("#\n"),
      repeated("'"),
      "\"" + repeated("\\\n"),
      "|\n" + repeated(" \n"),
      repeated("a\n\n"),
      repeated("---\n"),
      repeated("[]\n"),
      repeated("&a "),
      repeated("!a "),
      "a: &a b\n" + repeated("- *a\n"),
      repeated(">\n"),
      repeated(": "),
      "a: {" + repeated("b,") + "}",
      "a: [" + repeated("b: c,") + "]",
      "{\"a\":" + repeated("["),
      repeated("a: b\n"),
      "x: &x {y: z}\n" + repeated("a:\n <<: *x\n"),
  };
  for (const std::string& input : inputs) {
    INFO(input.substr(0, 20));
    (void)slipway::edit::replace(input, path("a.b"), "x");
    Options options;
    options.create = options.follow_alias = true;
    (void)slipway::edit::replace(input, path("zz[name=web].b"), "x", options);
  }
  SUCCEED("came to an end");
}

TEST_CASE("what is made can be read again: as deep as documents may be, and no deeper") {
  Options create;
  create.create = true;
  for (const std::string file : {"", "# only a comment\n", "a: {b: 1}\n", "a:\n  b: 1\n"}) {
    bool refused = false;
    for (int depth = 2; depth <= 256; ++depth) {
      CAPTURE(file, depth);
      std::string keys = "a";
      for (int i = 1; i < depth; ++i) keys += ".k";
      const auto made = slipway::edit::replace(file, path(keys), "v", create);
      CHECK((made || depth > 200));
      CHECK_FALSE((made && refused));
      refused = !made;
      if (!made) continue;
      const auto read = slipway::edit::read(*made, path(keys));
      REQUIRE(read);
      CHECK(*read == "v");
    }
    CHECK(refused);
  }
}

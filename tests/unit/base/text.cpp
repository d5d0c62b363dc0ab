#include "base/text.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace slipway;

TEST_CASE("edit distance counts insertions, removals, exchanges and swapped neighbours") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("listen", "lisetn") == 1);
  CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("the nearest name is what a person meant, or nothing") {
  const std::vector<std::string> known{"listen", "path", "secret_files", "max_body"};
  CHECK(nearest_name("lisetn", known) == "listen");
  CHECK(nearest_name("Listen", known) == "listen");
  CHECK(nearest_name("secret_file", known) == "secret_files");
  CHECK(nearest_name("maxbody", known) == "max_body");
  CHECK_FALSE(nearest_name("colour", known));
  CHECK_FALSE(nearest_name("", known));
  CHECK_FALSE(nearest_name(std::string(100000, 'x'), known));
  CHECK(did_you_mean("pth", known) == " (did you mean \"path\"?)");
  CHECK(did_you_mean("unrelated", known).empty());
}

TEST_CASE("names are compared without their case") {
  CHECK(equal_ignoring_case("Content-TYPE", "content-type"));
  CHECK_FALSE(equal_ignoring_case("content-type", "content-typ"));
  CHECK_FALSE(equal_ignoring_case("a[", "a{"));
}

TEST_CASE("text from outside is made printable") {
  CHECK(printable("plain, 한국어") == "plain, 한국어");
  CHECK(printable("a\nb\x1b[31m\x7f") == "a\\x0ab\\x1b[31m\\x7f");
  CHECK(printable("\xff\xc0\xaf!") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!");
  CHECK(printable("abcdef", 3) == "abc…");
}

TEST_CASE("well-formed UTF-8 and its counterfeits") {
  CHECK(is_utf8("ascii, ä, 한, 😀"));
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "ok\xe2\x82"}) {
    CHECK_FALSE(is_utf8(text));
  }
}

#include "edit/scalar.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "edit/tree.hpp"

using slipway::edit::plain_is_string;
using slipway::edit::in_quotes;

TEST_CASE("a plain scalar is a string only where neither YAML 1.1 nor 1.2 reads something else") {
  const std::string others[] = {"~",
                                "null",
                                "Null",
                                "NULL",
                                "true",
                                "True",
                                "TRUE",
                                "false",
                                "yes",
                                "Yes",
                                "NO",
                                "no",
                                "on",
                                "Off",
                                "y",
                                "N",
                                "0",
                                "1",
                                "-1",
                                "+12",
                                "04758206",
                                "0777",
                                "0o17",
                                "0x1F",
                                "-0xff",
                                "0b101",
                                "1_000",
                                "12345678",
                                "685230.15",
                                "1.",
                                ".5",
                                "-.5",
                                "1e3",
                                "1e234567",
                                "12E03",
                                "1.5e-3",
                                "-1.2E+10",
                                ".inf",
                                "-.INF",
                                "+.Inf",
                                ".NaN",
                                ".nan",
                                "190:20:30",
                                "1:30",
                                "190:20:30.15",
                                "2024-01-31",
                                "2024-1-2",
                                "2024-01-31T10:00:00Z",
                                "2024-01-31 10:00:00",
                                "=",
                                "<<",
                                ""};
  for (const std::string& text : others) {
    INFO(text);
    CHECK_FALSE(plain_is_string(text));
  }
  const std::string strings[] = {"latest",     "v1",   "1.2.3", "b5b212e0", "12e",  "e12", "0x",      "0xfg",
                                 "1e",         "1e+",  "nULL",  "tRue",     "yess", "-",   "--1",     "+",
                                 ".",          "..",   "_1",    "1:60",     "1:2:", ":30", "2024-01", "2024-01-31-rc1",
                                 "20240131-1", "main", "08f",   "1_000a",   "0o8",  "inf", "nan",     "sha256:0123",
                                 "한글"};
  for (const std::string& text : strings) {
    INFO(text);
    CHECK(plain_is_string(text));
  }
}

TEST_CASE("new values are double-quoted with the escapes that YAML and JSON share") {
  struct Row {
    std::string text, expected;
  };
  const std::vector<Row> rows = {
      {"", "\"\""},
      {"04758206", "\"04758206\""},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"it's # fine: {}", "\"it's # fine: {}\""},
      {"a\nb\tc\r", R"("a\nb\tc\r")"},
      {std::string("\0\x1b\x7f", 3), R"("\u0000\u001B\u007F")"},
      {"한글 🚀 é", "\"한글 🚀 é\""},
      {"\xc2\x85\xc2\x80 \xc2\xa0", "\"\\u0085\\u0080 \xc2\xa0\""},
      {"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", R"("\u2028\u2029\uFEFF")"},
  };
  for (const Row& row : rows) CHECK(in_quotes(row.text) == row.expected);
}

TEST_CASE("a scalar reads as YAML says") {
  struct Row {
    std::string source, text;
  };
  const std::vector<Row> rows = {
      {"plain text", "plain text"},
      {"plain\n over\n\n lines # c", "plain over\nlines"},
      {"'it''s'", "it's"},
      {"'a\n\n  b  \n c'", "a\nb c"},
      {"\"a\\tb\\x41\\u00e9\\U0001F680\\/\"", "a\tbAé🚀/"},
      {"\"\\ud83d\\ude80 \\ud83d\"", "🚀 \xef\xbf\xbd"},
      {"\"a \\\n   b\\  \n c\"", "a b  c"},
      {"\"\\0\\a\\b\\v\\f\\e\\N\\_\\L\\P\"", std::string("\0\a\b\v\f\x1b\xc2\x85\xc2\xa0\xe2\x80\xa8\xe2\x80\xa9", 16)},
      {"|\n a\n  b\n\n c\n", "a\n b\n\nc\n"},
      {"|-\n a\n\n\n", "a"},
      {"|+\n a\n\n\n", "a\n\n\n"},
      {"|2\n   a\n  b\n", " a\nb\n"},
      {"|\n a", "a"},
      {"|\n", ""},
      {"|+\n\n\n", "\n\n"},
      {">\n a\n b\n\n c\n", "a b\nc\n"},
      {">\n a\n  b\n c\n", "a\n b\nc\n"},
      {">-\n\n a\n b\n", "\na b"},
      {">\r\n a\r\n b\r\n", "a b\n"},
  };
  for (const Row& row : rows) {
    INFO(row.source);
    const auto tree = slipway::edit::scan(row.source, "");
    REQUIRE(tree);
    REQUIRE(tree->nodes().size() == 1);
    CHECK(tree->text(0) == row.text);
  }
}

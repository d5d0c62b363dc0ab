#include "trigger/json_scan.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <random>

#include "captured.hpp"

namespace slipway::trigger {
namespace {

bool scans(const std::string& text) {
  JsonScan scan(text);
  return scan.skip() && scan.finish();
}

/// As RFC 8259 has it: RapidJSON, asked for UTF-8, whole texts, and no more levels than the scanner takes.
bool is_json(const std::string& text) {
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  rapidjson::Document document;
  document.Parse<flags>(text.data(), text.size());
  return !document.HasParseError();
}

TEST_CASE("a captured body that is changed in any place is JSON to the scanner where it is to a parser") {
  std::mt19937 random(11);
  const std::string whole = test::captured("push-single-backend-05").body;
  const std::string likely = "\"\\{}[]:,0123456789-+.eE \n\ttrufalsn\x01\x1f";
  std::size_t good = 0, rounds = 6'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string text = whole;
    for (std::size_t changes = 1 + random() % 2; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text.erase(at, 1 + random() % 3); break;
        case 1: text.insert(at, 1, likely[random() % likely.size()]); break;
        default: text[at] = likely[random() % likely.size()];
      }
    }
    INFO(text);
    const bool scanned = scans(text);
    REQUIRE(scanned == is_json(text));
    good += scanned ? 1 : 0;
  }
  CHECK(good > rounds / 20);  // both answers were compared
  CHECK(good < rounds - rounds / 20);
}

TEST_CASE("small texts of brackets and commas are told right, every one") {
  const std::string letters = "[]{},:\"1 ";
  std::size_t good = 0;
  for (std::size_t number = 0; number < 9 * 9 * 9 * 9 * 9 * 9; ++number) {
    std::string text;
    for (std::size_t left = number; left > 0; left /= 9) text += letters[left % 9];
    const bool scanned = scans(text);
    if (scanned != is_json(text)) FAIL(text);
    good += scanned ? 1 : 0;
  }
  CHECK(good > 100);
}

TEST_CASE("what is wrong is said with its place") {
  const auto error = [](const std::string& text) {
    JsonScan scan(text);
    const bool good = scan.skip() && scan.finish();
    REQUIRE_FALSE(good);
    return scan.error().what();
  };
  CHECK(error("[1,2") == "the text ends too early at byte 4");
  CHECK(error("[1 2]") == "expected , or ] at byte 3");
  CHECK(error("[1,]") == "expected a value at byte 3");
  CHECK(error(R"({"a":1)") == "the text ends too early at byte 6");
  CHECK(error(R"({"a":1 "b":2})") == "expected , or } at byte 7");
  CHECK(error(R"({"a":1,})") == "expected a string at byte 7");
  CHECK(error(R"({"a" 1})") == "expected : at byte 5");
  CHECK(error(R"({"a":"b)") == "the text ends within a string at byte 7");
  CHECK(error("[[[\"a\x01\"]]]") == "control character within a string at byte 5");
  CHECK(error("[\"\xff\"]") == "invalid UTF-8 in the string at byte 2");
  CHECK(error("[] []") == "text after the end at byte 3");
}

}  // namespace
}  // namespace slipway::trigger

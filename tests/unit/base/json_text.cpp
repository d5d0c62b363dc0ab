#include "base/json_text.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <random>

using namespace slipway;

namespace {

std::string read_back(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  if (document.HasParseError() || !document.IsString()) return "(no JSON string)";
  return std::string(document.GetString(), document.GetStringLength());
}

}  // namespace

TEST_CASE("any text is read back from its JSON as it was") {
  std::mt19937 random(9);
  const std::vector<std::string> pieces{"plain text", "\"", "\\", "\n", "\t", std::string(1, '\0'), "\x1f", "\x7f", "é", "한글", "🚢", "/", "a"};
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 8; i > 0; --i) text += pieces[random() % pieces.size()];
    std::string json = "before";
    append_json(json, text);
    CHECK(json.substr(0, 6) == "before");
    CHECK(read_back(json.substr(6)) == text);
  }
}

TEST_CASE("escapes are the short ones, and else four hex digits") {
  std::string json;
  append_json(json, "\"\\\b\f\n\r\t\x01/");
  CHECK(json == R"("\"\\\b\f\n\r\t\u0001/")");
}

TEST_CASE("plain text ends at the first quote, backslash or control character, wherever that stands") {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char stop : {'"', '\\', '\x1f', '\0'}) {
        std::string text(size, 'x');
        text[at] = stop;
        bool high = false;
        CHECK(plain_json_end(text.data(), text.data() + size, high) == text.data() + at);
        CHECK_FALSE(high);
      }
      std::string text(size, ' ');
      text[at] = '\xc3';
      bool high = false;
      CHECK(plain_json_end(text.data(), text.data() + size, high) == text.data() + size);
      CHECK(high);
      // What stands behind the end does not count.
      high = false;
      text[at] = '"';
      if (at + 1 < size) text[at + 1] = '\xc3';
      plain_json_end(text.data(), text.data() + size, high);
      CHECK_FALSE(high);
    }
  }
}

#include "cel/json.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

using namespace slipway;
using cel::parse_json;

TEST_CASE("a number of JSON is the nearest double, as in Go", "[cel]") {
  struct Row {
    std::string text;
    double expected;
  };
  const std::string zeros(120, '0');
  const Row rows[] = {
      {"0", 0},
      {"-0", -0.0},
      {"-17", -17},
      {"9223372036854775807", 9223372036854775807.0},
      {"-9223372036854775808", -9223372036854775808.0},
      {"18446744073709551615", 18446744073709551615.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"0.1", 0.1},
      {"-2.5e-3", -0.0025},
      {"1E+2", 100},
      {"9007199254740993", 9007199254740992},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"4.9e-324", std::numeric_limits<double>::denorm_min()},
      {"1e-400", 0},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"0." + zeros, 0},  // RapidJSON's own conversion counts the leading zeros of nothing here
      {"-0." + zeros, -0.0},
      {"0." + zeros + "1e121", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_json(row.text);
    REQUIRE(parsed);
    REQUIRE(parsed->IsNumber());
    CHECK(parsed->GetDouble() == row.expected);
    CHECK(std::signbit(parsed->GetDouble()) == std::signbit(row.expected));
  }
  for (const char* text : {"1e309", "-1e309", "1.8e308", "[1e999]"}) {
    CAPTURE(text);
    const auto parsed = parse_json(text);
    REQUIRE_FALSE(parsed);
    CHECK(std::string(parsed.error().what()).find("too big") != std::string::npos);
  }
  for (const char* text : {"01", "1.", ".5", "+1", "1e", "0x1", "--1", "NaN", "Infinity"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json(text));
  }
}

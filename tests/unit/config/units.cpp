#include "config/units.hpp"

#include <catch2/catch.hpp>

namespace slipway::config {
namespace {

using std::chrono::milliseconds;

TEST_CASE("durations") {
  struct Row {
    const char* text;
    std::optional<std::int64_t> value;
  };
  const auto row = GENERATE(values<Row>({{"0", 0},
                                         {"0s", 0},
                                         {"250ms", 250},
                                         {"30s", 30'000},
                                         {"30m", 1'800'000},
                                         {"1h30m", 5'400'000},
                                         {"1h0m0s", 3'600'000},
                                         {"7d", 604'800'000},
                                         {"", std::nullopt},
                                         {"30", std::nullopt},
                                         {"m", std::nullopt},
                                         {"-1s", std::nullopt},
                                         {"1.5h", std::nullopt},
                                         {"1 h", std::nullopt},
                                         {"30M", std::nullopt},
                                         {"99999999999999999999s", std::nullopt},
                                         {"9999999d", std::nullopt}}));
  INFO(row.text);
  const auto value = duration_from(row.text);
  CHECK(value.has_value() == row.value.has_value());
  if (value && row.value) CHECK(value->count() == *row.value);
}

TEST_CASE("durations are shown as they are written") {
  for (const char* text : {"0s", "250ms", "30s", "1m", "1h30m", "7d", "1d1h1m1s1ms"})
    CHECK(text_of(*duration_from(text)) == text);
}

TEST_CASE("sizes") {
  struct Row {
    const char* text;
    std::optional<std::uint64_t> value;
  };
  const auto row = GENERATE(values<Row>({{"0", 0},
                                         {"1048576", 1048576},
                                         {"64Ki", 65536},
                                         {"32MiB", 33554432},
                                         {"16Gi", 17179869184},
                                         {"1Ti", 1099511627776},
                                         {"1k", 1000},
                                         {"1M", 1000000},
                                         {"2GB", 2000000000},
                                         {"", std::nullopt},
                                         {"Gi", std::nullopt},
                                         {"16gi", std::nullopt},
                                         {"1.5Gi", std::nullopt},
                                         {"-1", std::nullopt},
                                         {"16 Gi", std::nullopt},
                                         {"9999999999Ti", std::nullopt}}));
  INFO(row.text);
  CHECK(size_from(row.text) == row.value);
}

TEST_CASE("sizes are shown in the largest unit that is exact") {
  CHECK(size_text(17179869184) == "16Gi");
  CHECK(size_text(33554432) == "32Mi");
  CHECK(size_text(1000) == "1000");
  CHECK(size_text(0) == "0");
}

TEST_CASE("cores") {
  CHECK(cpu_from("500m") == 500);
  CHECK(cpu_from("2") == 2000);
  CHECK(cpu_from("0.5") == 500);
  CHECK(cpu_from("1.125") == 1125);
  for (const char* bad : {"", "m", "x", "1.", "1.2345", "-1", "1e3", "0.5m"}) CHECK_FALSE(cpu_from(bad));
  CHECK(cpu_text(500) == "500m");
  CHECK(cpu_text(2000) == "2");
}

}  // namespace
}  // namespace slipway::config

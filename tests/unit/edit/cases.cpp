#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "edit/edit.hpp"

// Real values files before and after a hand-off, from a real infra repository's history. They are not part of this
// project.

TEST_CASE("every real hand-off comes out byte for byte") {
  const std::filesystem::path cases = SLIPWAY_SOURCE_DIR "/../shared/handoff/cases.jsonl";
  if (!std::filesystem::exists(cases)) {
    WARN("no recorded hand-offs here: " << cases.filename());
    return;
  }
  std::ifstream lines(cases);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    rapidjson::Document recorded;
    recorded.Parse(line.c_str());
    REQUIRE_FALSE(recorded.HasParseError());
    const auto text = [&](const char* key) {
      return std::string(recorded[key].GetString(), recorded[key].GetStringLength());
    };
    INFO(text("id") << " " << text("file") << " " << text("key"));
    const auto path = slipway::edit::Path::parse(text("key"));
    REQUIRE(path);
    const auto after = slipway::edit::replace(text("before"), *path, text("value"));
    if (!after) FAIL(after.error().text());
    CHECK(*after == text("expected"));
    const auto again = slipway::edit::replace(*after, *path, text("value"));
    REQUIRE(again);
    CHECK(*again == *after);
  }
  CHECK(count > 0);
}

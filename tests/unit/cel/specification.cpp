#include <catch2/catch.hpp>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "cel/batch.hpp"
#include "cel/json.hpp"
#include "unit/cel/vectors.hpp"

// The CEL specification's conformance cases, those that Tekton's environment passes. They are read where they lie beside the project.

using namespace slipway;
using namespace slipway::cel;
using namespace slipway::cel::test;

namespace {

std::string text_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

// Those that only ask for a type do not apply.
bool applies(const rapidjson::Value& record) { return record["tekton"]["pass"].GetBool() && !record.HasMember("check_only"); }

}  // namespace

TEST_CASE("the specification's cases that Tekton passes", "[cel]") {
  std::vector<std::string> lines;
  try {
    lines = read_lines(SLIPWAY_SOURCE_DIR "/../shared/cel/spec.jsonl");
  } catch (const std::runtime_error&) {
    WARN("the specification's cases are not here");
    return;
  }
  std::size_t count = 0;
  for (const std::string& line : lines) {
    const auto record = parse_json(line);
    REQUIRE(record);
    if (!applies(*record)) continue;
    ++count;
    const auto answer = parse_json(evaluate_line(line));
    REQUIRE(answer);
    INFO((*record)["file"].GetString() << "/" << (*record)["section"].GetString() << "/" << (*record)["name"].GetString() << ": "
                                       << (*record)["expr"].GetString() << "\n" << text_of(*answer));
    const rapidjson::Value& expect = (*record)["expect"];
    if (std::string(expect["kind"].GetString()) == "error") {
      CHECK(std::string((*answer)["kind"].GetString()) == "error");
    } else if (answer->HasMember("typed")) {
      CHECK(canonical((*answer)["typed"]) == canonical(expect["value"]));
    } else {
      CHECK(answer->HasMember("typed"));
    }
  }
  CHECK(count > 1500);
}

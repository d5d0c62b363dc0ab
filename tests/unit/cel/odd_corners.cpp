#include <catch2/catch.hpp>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "cel/batch.hpp"
#include "cel/json.hpp"
#include "unit/cel/vectors.hpp"

// More answers of cel-go 0.30 with Tekton's functions (tests/data/cel/README.md): a sample of generated expressions, and every one that
// was once answered otherwise here.

using namespace slipway;
using namespace slipway::cel;
using namespace slipway::cel::test;

namespace {

/// The common body, header and so on with one expression put in, as a line of a batch.
std::string asked(const rapidjson::Document& common, const rapidjson::Value& expression) {
  rapidjson::Document line;
  line.CopyFrom(common, line.GetAllocator());
  line.AddMember("expr", rapidjson::Value(expression, line.GetAllocator()), line.GetAllocator());
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  line.Accept(writer);
  return buffer.GetString();
}

}  // namespace

TEST_CASE("odd corners of cel-go", "[cel]") {
  const auto lines = read_lines(SLIPWAY_SOURCE_DIR "/tests/data/cel/more.jsonl");
  REQUIRE(lines.size() > 2'000);
  const auto common = parse_json(lines.front());
  REQUIRE(common);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto record = parse_json(lines[i]);
    REQUIRE(record);
    const auto answer = parse_json(evaluate_line(asked(*common, (*record)["expr"])));
    REQUIRE(answer);
    INFO((*record)["expr"].GetString());
    CHECK((*answer)["kind"] == (*record)["kind"]);
    if (record->HasMember("typed") && answer->HasMember("typed")) CHECK(canonical((*answer)["typed"]) == canonical((*record)["typed"]));
  }
}

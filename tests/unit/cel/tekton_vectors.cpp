#include <catch2/catch.hpp>

#include <map>

#include "cel/batch.hpp"
#include "cel/filter_set.hpp"
#include "cel/json.hpp"
#include "cel/typed.hpp"
#include "unit/cel/vectors.hpp"

// What Tekton's own interceptor answered, 2,614 times: values, kinds of errors, verdicts as a filter, results as an overlay.

using namespace slipway;
using namespace slipway::cel;
using namespace slipway::cel::test;

namespace {

struct Body {
  Result<rapidjson::Document> own = rapidjson::Document();
  const rapidjson::Value* shared = nullptr;

  explicit Body(const Vector& vector) : shared(vector.body) {
    if (vector.body_text) own = parse_body(*vector.body_text);
  }
  bool failed() const { return !own; }
  const rapidjson::Value* value() const { return shared != nullptr ? shared : own->IsObject() ? &*own : nullptr; }
};

Bindings bindings(const Vector& vector, const Body& body) {
  Bindings made;
  made.body = body.value();
  made.header = vector.header;
  made.extensions = vector.extensions;
  made.request_url = vector.request_url;
  made.secret = &recorded_secret();
  return made;
}

std::string typed_text(const Value& value, bool unordered) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  write_typed(value, writer);
  const auto parsed = parse_json(std::string_view(buffer.GetString(), buffer.GetSize()));
  return canonical(*parsed, unordered);
}

std::string shown(const std::string& expr) { return expr.size() > 200 ? std::string(expr, 0, 200).append("…") : expr; }

std::string expected(const Vector& vector) {
  const rapidjson::Value& expect = (*vector.record)["expect"];
  const std::string kind = expect["kind"].GetString();
  return kind == "error" ? kind : kind + " " + canonical(expect["typed"], vector.record->HasMember("nondeterministic"));
}

std::string actual(const Vector& vector) {
  const Body body(vector);
  if (body.failed()) return "error";
  const auto program = Program::compile(vector.expr);
  if (!program) return "error";
  const auto value = program->evaluate(bindings(vector, body));
  if (!value) return "error";
  return (value->is(Kind::boolean) ? "bool " : "value ") + typed_text(*value, vector.record->HasMember("nondeterministic"));
}

std::string verdict(const Result<bool>& result) { return !result ? "error" : *result ? "true" : "false"; }

}  // namespace

TEST_CASE("every recorded answer of Tekton's interceptor is ours", "[cel]") {
  for (const Vector& vector : Vectors::all().list()) {
    INFO(vector.id << ": " << shown(vector.expr));
    CHECK(actual(vector) == expected(vector));
  }
}

TEST_CASE("as filters they decide alike", "[cel]") {
  for (const Vector& vector : Vectors::all().list()) {
    INFO(vector.id << ": " << shown(vector.expr));
    const Body body(vector);
    const auto program = Program::compile(vector.expr);
    const bool empty = vector.expr.empty();  // no filter at all, which passes
    const std::string decided = body.failed() || !program ? "error" : verdict(program->test(bindings(vector, body)));
    if (!empty) CHECK(decided == (*vector.record)["filter"].GetString());
  }
}

TEST_CASE("as overlays they become the same JSON", "[cel]") {
  for (const Vector& vector : Vectors::all().list()) {
    const Body body(vector);
    const auto program = Program::compile(vector.expr);
    if (body.failed() || !program) continue;
    const auto value = program->evaluate(bindings(vector, body));
    if (!value) continue;
    INFO(vector.id << ": " << shown(vector.expr));
    rapidjson::Document extensions(rapidjson::kObjectType);
    const auto set = set_extension(extensions, "v", *value);
    if (vector.record->HasMember("overlay_error")) {
      CHECK_FALSE(set);
    } else if (vector.record->HasMember("nondeterministic")) {
      CHECK(set);
    } else {
      REQUIRE(set);
      CHECK(extensions["v"] == (*vector.record)["overlay"]);
    }
  }
}

TEST_CASE("judged together they decide as alone", "[cel]") {
  std::map<std::pair<const rapidjson::Value*, const HeaderMap*>, std::vector<const Vector*>> groups;
  for (const Vector& vector : Vectors::all().list()) {
    if (!vector.body_text && vector.extensions == nullptr && vector.request_url.empty()) groups[{vector.body, vector.header}].push_back(&vector);
  }
  CHECK(groups.size() > 20);
  for (const auto& [group, vectors] : groups) {
    std::vector<Program> programs;
    std::vector<const Vector*> compiled;
    for (const Vector* vector : vectors) {
      auto program = Program::compile(vector->expr);
      if (!program) continue;
      programs.push_back(*program);
      compiled.push_back(vector);
    }
    const FilterSet set(programs);
    const Body body(*vectors.front());
    const auto verdicts = set.test(bindings(*vectors.front(), body));
    REQUIRE(verdicts.size() == compiled.size());
    for (std::size_t i = 0; i < compiled.size(); ++i) {
      INFO(compiled[i]->id << ": " << shown(compiled[i]->expr));
      CHECK(verdict(verdicts[i]) == (*compiled[i]->record)["filter"].GetString());
    }
  }
}

TEST_CASE("a batch line gives the recorded answer", "[cel]") {
  const auto path = SLIPWAY_SOURCE_DIR "/../shared/cel/tekton_vectors.jsonl";
  std::vector<std::string> lines;
  try {
    lines = read_lines(path);
  } catch (const std::runtime_error&) {
    WARN("the original vectors are not here");
    return;
  }
  for (const std::string& line : lines) {
    const auto record = parse_json(line);
    REQUIRE(record);
    const rapidjson::Value& expect = (*record)["expect"];
    const auto answer = parse_json(evaluate_line(line));
    REQUIRE(answer);
    INFO((*record)["id"].GetString());
    CHECK((*answer)["id"] == (*record)["id"]);
    CHECK((*answer)["kind"] == expect["kind"]);
    const bool unordered = record->HasMember("nondeterministic");
    if (expect.HasMember("typed")) CHECK(canonical((*answer)["typed"], unordered) == canonical(expect["typed"], unordered));
  }
}

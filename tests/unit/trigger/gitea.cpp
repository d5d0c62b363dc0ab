#include "trigger/gitea.hpp"

#include <catch2/catch.hpp>

namespace slipway::trigger {
namespace {

const std::string a(40, 'a'), b(40, 'b'), zeros(40, '0');

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

const std::string good = R"({"ref":"refs/heads/main","before":")" + a + R"(","after":")" + b +
                         R"(","commits":[{"id":")" + b +
                         R"(","added":["x/y"],"removed":[],"modified":null}],"total_commits":1,)" +
                         R"("repository":{"id":1,"name":"r","full_name":"Org/r","owner":{"login":"Org"}}})";

Result<std::variant<Delivery, Ignored>> read(const std::string& body,
                                             const Headers& more = {{"X-Gitea-Event", {"push"}}}) {
  RawDelivery raw;
  raw.headers = more;
  raw.body = body;
  const std::vector<std::string> secrets{"key"};
  return parse(std::move(*verify(sign(std::move(raw), "key"), secrets)));
}

std::string error_of(const std::string& body) {
  const auto parsed = read(body);
  return parsed ? "" : parsed.error().text();
}

TEST_CASE("a push") {
  auto parsed = read(good);
  REQUIRE(parsed);
  const auto& delivery = std::get<Delivery>(*parsed);
  CHECK(delivery.push.repository == RepoName("Org/r"));
  CHECK(delivery.push.total_commits == 1);
  CHECK(delivery.push.commits[0].added == std::vector<std::string>{"x/y"});
  CHECK(delivery.id.value().substr(0, 5) == "body-");
  CHECK(delivery.source == Source::webhook);
}

TEST_CASE("what is tolerated") {
  CHECK(std::get<Delivery>(
            *read(replaced(good, R"([{"id":")" + b + R"(","added":["x/y"],"removed":[],"modified":null}])", "null")))
            .push.commits.empty());
  CHECK(std::get<Delivery>(*read(replaced(good, R"("total_commits":1,)", ""))).push.total_commits == 1);
  CHECK(std::get<Delivery>(*read(" \r\n\t" + good + " \n")).push.after == CommitSha(b));
  CHECK(std::get<Delivery>(*read(replaced(good, "x/y", R"(\u00e9\ud83d\ude00\ud800\"\\\/\b)")))
            .push.commits[0]
            .added[0] == "\u00e9\U0001F600\uFFFD\"\\/\b");
  CHECK(std::get<Delivery>(*read(replaced(good, R"({"ref")", R"({"ref":"refs/heads/x","ref")"))).push.ref ==
        "refs/heads/main");
}

TEST_CASE("pushes that ask for nothing") {
  struct Row {
    const char* name;
    std::string body;
    std::string reason;
  };
  const std::string deletion = replaced(good, b, zeros);
  const auto row = GENERATE_REF(values<Row>({
      {"maintenance", replaced(good, "heads/main", "heads/maintenance"), "only pushes to that branch"},
      {"main-2", replaced(good, "heads/main", "heads/main-2"), "only pushes to that branch"},
      {"Main", replaced(good, "heads/main", "heads/Main"), "case-sensitive"},
      {"a tag called main", replaced(good, "heads/main", "tags/main"), "is a tag"},
      {"main without refs/heads", replaced(good, "refs/heads/main", "main"), "is not refs/heads/main"},
      {"an empty ref", replaced(good, "refs/heads/main", ""), "is not refs/heads/main"},
      {"deletion", deletion, "deleted"},
      {"nothing pushed", replaced(good, a, b), "same commit"},
  }));
  INFO(row.name);
  const auto parsed = read(row.body);
  REQUIRE(parsed);
  const auto& ignored = std::get<Ignored>(*parsed);
  CHECK_THAT(ignored.reason, Catch::Contains(row.reason));
  CHECK_FALSE(ignored.test);
}

TEST_CASE("other events") {
  for (const Headers& headers :
       {Headers{}, Headers{{"X-Gitea-Event", {"Push"}}}, Headers{{"X-Gitea-Event", {"create"}}},
        Headers{{"X-Gitea-Event", {"push", "create"}}}, Headers{{"X-Github-Event", {"push"}}}}) {
    const auto parsed = read("not even JSON", headers);
    REQUIRE(parsed);
    CHECK_THAT(std::get<Ignored>(*parsed).reason, Catch::Contains("only"));
  }
}

TEST_CASE("bodies that are no push are errors that say where and why") {
  struct Row {
    const char* name;
    std::string body;
    std::string error;
  };
  const auto row = GENERATE_REF(values<Row>({
      {"empty", "", "no JSON object"},
      {"null", "null", "no JSON object"},
      {"a list", "[]", "expected an object"},
      {"truncated", good.substr(0, good.size() / 2), "ends"},
      {"text behind it", good + "x", "text after the end at byte " + std::to_string(good.size())},
      {"no ref", replaced(good, R"("ref")", R"("raf")"), "has no `ref`"},
      {"ref is a number", replaced(good, R"("refs/heads/main")", "1"), "`ref` cannot be read: expected a string"},
      {"no before", replaced(good, R"("before")", R"("bifore")"), "has no `before`"},
      {"after is short", replaced(good, b, "abc"), "`after` is 'abc'"},
      {"after in upper case", replaced(good, b, std::string(40, 'B')), "`after` is"},
      {"commits is a text", replaced(good, R"([{"id")", R"("x","y":[{"id")"),
       "`commits` cannot be read: expected a list"},
      {"a commit is null", replaced(good, R"([{"id")", R"([null,{"id")"), "expected an object"},
      {"a commit without id", replaced(good, R"([{"id")", R"([{"ad")"), "without an id"},
      {"a path is a number", replaced(good, R"("x/y")", "1"), "expected a string"},
      {"total_commits is a fraction", replaced(good, R"(commits":1,)", R"(commits":1.5,)"), "whole number"},
      {"total_commits is huge", replaced(good, R"(commits":1,)", R"(commits":99999999999999999999,)"), "whole number"},
      {"no repository", replaced(good, R"("repository")", R"("repo")"), "no `repository.full_name`"},
      {"repository is null", replaced(good, good.substr(good.find(R"({"id":1)")), "null}"),
       "`repository` cannot be read"},
      {"invalid UTF-8", replaced(good, "x/y", "\xff"), "invalid UTF-8"},
      {"invalid UTF-8 where nobody looks", replaced(good, "owner", "own\xc3"), "invalid UTF-8"},
      {"control character", replaced(good, "x/y", "x\ny"), "control character"},
      {"unknown escape", replaced(good, "x/y", "\\x"), "unknown escape"},
      {"broken \\u", replaced(good, "x/y", "\\u12g4"), "bad \\u"},
      {"unknown word", replaced(good, "null", "nul"), "unknown word"},
      {"bad number", replaced(good, R"("id":1)", R"("id":01)"), "bad number"},
      {"number beyond a double", replaced(good, R"("id":1)", R"("id":1e400)"), "beyond what a double holds"},
      {"missing comma", replaced(good, R"(1,"name")", R"(1 "name")"), "expected , or }"},
      {"trailing comma", replaced(good, R"("removed":[])", R"("removed":["z",])"), "expected a string"},
  }));
  INFO(row.name);
  CHECK_THAT(error_of(row.body), Catch::Contains(row.error));
}

TEST_CASE("every truncation is an error, never a crash") {
  for (std::size_t length = 0; length < good.size(); ++length) CHECK_FALSE(error_of(good.substr(0, length)).empty());
}

TEST_CASE("depth bombs end at 200 levels") {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string bomb = R"({"x":)";
    for (int i = 0; i < 100'000; ++i) bomb += open;
    CHECK_THAT(error_of(bomb), Catch::Contains("nested too deep"));
  }
  std::string deep = "1";
  for (int i = 0; i < 150; ++i) deep = "[" + deep + "]";
  CHECK(read(replaced(good, R"("ref")", R"("deep":)" + deep + R"(,"ref")")));
}

TEST_CASE("repository names that want to be more than a name") {
  for (const char* name :
       {"",         "r",           "Org/",     "/r",      "Org/r/x", "../etc",    "Org/..",  "Org/a..b",
        "Org/.",    "./r",         "Org/r%2e", "Org/r r", "Org/r'",  "Org/r\\\"", "Org/r;x", "Org/$(x)",
        "Org/r\\n", "Org/\\u0000", "-o/r",     "Org/-r",  "Org/r@x", "Org/레포"}) {
    INFO(name);
    CHECK_THAT(error_of(replaced(good, "Org/r", name)), Catch::Contains("cannot be a repository's name"));
  }
  for (const char* name : {"Lumie-Edu/lumie-backend", "a/b", "A_1/b.c-d", "o/.profile"})
    CHECK(is_repository_name(name));
  CHECK_FALSE(is_repository_name("o/" + std::string(101, 'x')));
}

TEST_CASE("a delivery id that is unfit for a log line is replaced by one from the body") {
  Fingerprint fingerprint;
  fingerprint.fill(0xff);
  CHECK(delivery_id({{"X-Gitea-Delivery", {"aa3cbceb-619c"}}}, fingerprint) == DeliveryId("aa3cbceb-619c"));
  for (const Headers& headers :
       {Headers{}, Headers{{"X-Gitea-Delivery", {""}}}, Headers{{"X-Gitea-Delivery", {"a\nb"}}},
        Headers{{"X-Gitea-Delivery", {"a", "b"}}}, Headers{{"X-Gitea-Delivery", {std::string(200, 'x')}}}}) {
    CHECK(delivery_id(headers, fingerprint) == DeliveryId("body-" + std::string(32, 'f')));
  }
}

}  // namespace
}  // namespace slipway::trigger

#include "http/call.hpp"

#include <sys/stat.h>

#include <array>
#include <catch2/catch.hpp>

#include "base/failure.hpp"
#include "http/rate_limit.hpp"
#include "http/token.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;

TEST_CASE("paths are matched part by part, and names decoded after they were cut") {
  using Names = std::vector<std::string>;
  CHECK(http::match_path("/api/v1/runs/{}", "/api/v1/runs/7") == Names{"7"});
  CHECK(http::match_path("/api/v1/runs/{}/logs", "/api/v1/runs/7/logs") == Names{"7"});
  CHECK(http::match_path("/a/{}", "/a/x%2Fy%20z") == Names{"x/y z"});
  CHECK(http::match_path("/healthz", "/healthz") == Names{});
  for (const char* path : {"/api/v1/runs", "/api/v1/runs/", "/api/v1/runs/7/8", "/api/v1/runs/%zz", "/api/v1//runs/7", "api/v1/runs/7", ""}) {
    INFO(path);
    CHECK_FALSE(http::match_path("/api/v1/runs/{}", path));
  }
}

TEST_CASE("queries are decoded, and refused where they are not understood") {
  constexpr std::array<std::string_view, 2> known{"template", "limit"};
  const auto query = http::parse_query("/x?template=a%26b+c&limit=5&", known);
  REQUIRE(query);
  CHECK(*query == std::map<std::string, std::string>{{"template", "a&b c"}, {"limit", "5"}});
  CHECK(http::parse_query("/x", known)->empty());
  CHECK_THAT(http::parse_query("/x?templat=a", known).error().what(), Catch::Contains("did you mean \"template\"?"));
  CHECK_FALSE(http::parse_query("/x?limit=%4", known));
  CHECK_FALSE(http::parse_query("/x?limit=1&limit=2", known));
}

TEST_CASE("numbers are whole and in their range") {
  CHECK(http::number_from("7", 1, 10) == 7);
  for (const char* text : {"", "0", "11", "7x", " 7", "-7", "7.0", "99999999999999999999"}) CHECK_FALSE(http::number_from(text, 1, 10));
}

TEST_CASE("the token is made once, for its owner alone, and read from then on") {
  const test::TmpDir dir;
  const std::string token = http::open_token(dir / "token");
  CHECK(token.size() == 64);
  CHECK(http::open_token(dir / "token") == token);
  struct stat status {};
  REQUIRE(::stat((dir / "token").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_THROWS_AS(http::open_token("/no/such/folder/token"), UsageError);
}

TEST_CASE("a rate limit lets so many through a second and counts the rest") {
  http::RateLimit limit(2);
  const auto now = http::RateLimit::Steady::now();
  CHECK(limit.passes(now));
  CHECK(limit.passes(now + 1ms));
  CHECK_FALSE(limit.passes(now + 2ms));
  CHECK_FALSE(limit.passes(now + 999ms));
  CHECK(limit.passes(now + 1001ms));
  CHECK(limit.take_held_back() == 2);
  CHECK(limit.take_held_back() == 0);
}

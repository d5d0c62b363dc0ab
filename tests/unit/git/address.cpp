#include "git/address.hpp"

#include <catch2/catch.hpp>

#include "base/failure.hpp"

using namespace slipway;

TEST_CASE("a repository's name is organisation/name, of plain characters") {
  for (const char* name : {"Lumie-Edu/lumie-backend", "a/b", "a.b/c_d-e.f", "0/1", "a/.github"}) {
    CAPTURE(name);
    CHECK(git::is_valid_repository(RepoName(name)));
  }
  for (const std::string name :
       {"", "a", "/", "a/", "/b", "a/b/c", "a//b", "../b", "a/..", "a/.", "a/.git", ".a/b", "a/b..c", "-a/b", "a/-b", "a/b.git", "a b/c", "a/b%2e", "a/b?x", "a/b#x",
        "a/b\n", "a/b\"", "a/b'", "a/b\\c", "a@b/c", "a:b/c", "\xEA\xB0\x80/b", "https://evil/x"}) {
    CAPTURE(name);
    CHECK_FALSE(git::is_valid_repository(RepoName(name)));
    CHECK_THROWS_AS(git::repository_url("http://git", RepoName(name)), Refused);
  }
  CHECK_FALSE(git::is_valid_repository(RepoName(std::string("a/b\0c", 5))));
  CHECK_FALSE(git::is_valid_repository(RepoName("a/" + std::string(101, 'b'))));
}

TEST_CASE("a repository's address is the configured base and its name") {
  CHECK(git::repository_url("http://gitea:3000", RepoName("Org/app")) == "http://gitea:3000/Org/app.git");
  CHECK(git::repository_url("https://gitea/sub//", RepoName("Org/app")) == "https://gitea/sub/Org/app.git");
}

TEST_CASE("credentials are asked for anew for every connection, and sent in no other place than the header") {
  git::Access access;
  CHECK(git::authorization_header(access) == "");
  int asked = 0;
  access.credentials = [&asked] { return git::Credentials("ci", "s3cret" + std::to_string(++asked)); };
  CHECK(git::authorization_header(access) == "Authorization: Basic Y2k6czNjcmV0MQ==");
  CHECK(git::authorization_header(access) == "Authorization: Basic Y2k6czNjcmV0Mg==");
}

#include "io/url.hpp"

#include <catch2/catch.hpp>

using namespace slipway;

TEST_CASE("addresses are taken apart") {
  struct Row {
    const char *text, *host, *target, *authority;
    int port;
    bool tls;
  };
  const Row rows[] = {
      {"http://gitea:3000/a/b?c=d#e", "gitea", "/a/b?c=d", "gitea:3000", 3000, false},
      {"https://zot.example", "zot.example", "/", "zot.example", 443, true},
      {"http://h?x", "h", "/?x", "h", 80, false},
      {"https://[::1]:8443/v2/", "::1", "/v2/", "[::1]:8443", 8443, true},
      {"http://[fe80::1]", "fe80::1", "/", "[fe80::1]", 80, false},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto url = io::parse_url(row.text);
    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->tls == row.tls);
    CHECK(url->target == row.target);
    CHECK(url->authority() == row.authority);
  }
}

TEST_CASE("what is no address is refused, and a password in it is not repeated") {
  for (const char* text : {"", "gitea", "ftp://x/", "http://", "http://:80/", "http://h:0/", "http://h:99999/", "http://h:8o/",
                           "http://[::1/", "http://[::1]x/", "http://h/a b", "http://h/\r\nX: y", "file:///etc/passwd"}) {
    INFO(text);
    CHECK_FALSE(io::parse_url(text));
  }
  const auto result = io::parse_url("https://user:hunter2@host/path");
  REQUIRE_FALSE(result);
  CHECK_THAT(result.error().what(), !Catch::Contains("hunter2") && Catch::Contains("credentials belong in a file"));
}

TEST_CASE("percent encoding there and back") {
  CHECK(io::percent_encode("a/b ~ü") == "a%2Fb%20~%C3%BC");
  CHECK(io::percent_decode("a%2Fb%20~%c3%bc") == "a/b ~ü");
  CHECK(io::percent_decode("a+b") == "a+b");
  CHECK(io::percent_decode("a+b", true) == "a b");
  CHECK(io::percent_decode("x%41") == "xA");
  for (const char* broken : {"%", "%4", "%zz", "a%2"}) CHECK_FALSE(io::percent_decode(broken));
}

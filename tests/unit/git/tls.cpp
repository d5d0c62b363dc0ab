#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using test::InfraCase;

namespace {

/// Makes OpenSSL's default authorities those of one file, as the system's administrator would.
class TrustedAuthorities {
 public:
  explicit TrustedAuthorities(const std::filesystem::path& file) { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
  TrustedAuthorities(const TrustedAuthorities&) = delete;
  TrustedAuthorities& operator=(const TrustedAuthorities&) = delete;
  ~TrustedAuthorities() { ::unsetenv("SSL_CERT_FILE"); }
};

std::string address(const test::FaultyProxy& proxy, const std::string& host = "127.0.0.1") {
  return "https://" + host + ":" + std::to_string(proxy.port()) + "/git/Lumie-Edu/infra.git";
}

}  // namespace

TEST_CASE("a certificate of an unknown authority is not trusted, and nothing is sent to its owner") {
  InfraCase one;
  const auto proxy = test::FaultyProxy::with_tls(one.server.port(), "git.test");
  one.options.url = address(proxy);
  CHECK_THROWS_AS(one.fetch(), Unavailable);
  CHECK_THROWS_WITH(one.fetch(), Catch::Contains("certificate is not trusted") && Catch::Contains("self-signed"));
  CHECK(proxy.seen().empty());
}

TEST_CASE("with `insecure` whoever answers is believed") {
  InfraCase one;
  const auto proxy = test::FaultyProxy::with_tls(one.server.port(), "git.test");
  one.options.url = address(proxy);
  one.options.access.insecure = true;
  CHECK(one.fetch() == one.repository.head());
}

TEST_CASE("a trusted certificate: fetch and push") {
  InfraCase one;
  const auto proxy = test::FaultyProxy::with_tls(one.server.port(), "localhost");
  const TrustedAuthorities trusted(proxy.certificate());
  for (const char* host : {"127.0.0.1", "localhost"}) {
    CAPTURE(host);
    one.restart();
    one.options.url = address(proxy, host);
    const CommitSha head = one.fetch();
    CHECK(head == one.repository.head());
    CHECK(std::holds_alternative<git::Landed>(one.push(head, {test::new_commit("charts/values.yaml", host)})));
    CHECK(one.repository.read("charts/values.yaml") == host);
  }
}

TEST_CASE("a trusted certificate of another name is refused") {
  InfraCase one;
  const auto proxy = test::FaultyProxy::with_tls(one.server.port(), "git.test");
  const TrustedAuthorities trusted(proxy.certificate());
  one.options.url = address(proxy, "localhost");
  CHECK_THROWS_WITH(one.fetch(), Catch::Contains("certificate is not trusted") && Catch::Contains("hostname mismatch"));
  CHECK(proxy.seen().empty());
}

#include "git/signing.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::InfraCase;

namespace {

/// An environment variable for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name), before_(std::getenv(name) ? std::getenv(name) : "") { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }

 private:
  const char* name_;
  std::string before_;
};

CommitSha hand_off(InfraCase& one) {
  const auto outcome = one.push(one.fetch(), {test::new_commit("charts/values.yaml", "x", "CHORE(app): update\n\nbody\n")});
  REQUIRE(std::holds_alternative<git::Landed>(outcome));
  return std::get<git::Landed>(outcome).commits[0];
}

std::string ssh_key(const InfraCase& one) {
  const std::string key = (one.dir / "key").string();
  test::succeed({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway", "-f", key});
  return key;
}

void program(const std::filesystem::path& file, const std::string& script) {
  std::filesystem::create_directories(file.parent_path());
  test::write_file(file, script);
  std::filesystem::permissions(file, std::filesystem::perms(0755));
}

}  // namespace

TEST_CASE("a commit signed by ssh-keygen is good to git") {
  InfraCase one;
  const std::string key = ssh_key(one);
  one.options.sign = git::make_signer(Signing::ssh, key);
  const CommitSha commit = hand_off(one);
  test::write_file(one.dir / "allowed", "committer@lumie.example " + test::read_file(key + ".pub"));
  CHECK_NOTHROW(one.repository.git({"-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile=" + (one.dir / "allowed").string(), "verify-commit", commit.value()}));
  CHECK(one.repository.git({"show", "-s", "--format=%B", commit.value()}) == "CHORE(app): update\n\nbody\n\n");
  CHECK(one.repository.git({"fsck", "--strict"}) == "");
}

TEST_CASE("a commit signed by gpg is good to git") {
  InfraCase one;
  const auto home = one.dir / "gnupg";
  std::filesystem::create_directory(home);
  std::filesystem::permissions(home, std::filesystem::perms(0700));
  const Variable where("GNUPGHOME", home.string());
  test::succeed({"gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "committer@lumie.example", "ed25519", "sign", "never"});
  one.options.sign = git::make_signer(Signing::gpg, "committer@lumie.example");
  const CommitSha commit = hand_off(one);
  CHECK_NOTHROW(one.repository.git({"verify-commit", commit.value()}));
  test::run({"gpgconf", "--kill", "gpg-agent"});
}

TEST_CASE("a key that is missing is refused in the tool's own words, and nothing is pushed") {
  InfraCase one;
  one.options.sign = git::make_signer(Signing::ssh, (one.dir / "missing").string());
  const CommitSha before = one.repository.head();
  CHECK_THROWS_AS(hand_off(one), Refused);
  CHECK_THROWS_WITH(hand_off(one), Catch::Contains("ssh-keygen did not sign the commit") && Catch::Contains("No such file"));
  CHECK(one.repository.head() == before);
}

TEST_CASE("a key with a passphrase does not wait for a person") {
  InfraCase one;
  const std::string key = (one.dir / "locked").string();
  test::succeed({"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", key});
  one.options.sign = git::make_signer(Signing::ssh, key, 20s);
  CHECK_THROWS_AS(hand_off(one), Refused);
}

TEST_CASE("a signer that hangs is ended with its children; one that is not there is refused; odd output is no signature") {
  InfraCase one;
  const Variable path("PATH", (one.dir / "bin").string() + ":" + std::getenv("PATH"));
  program(one.dir / "bin/ssh-keygen", "#!/bin/sh\nsleep 600 & sleep 600\n");
  CHECK_THROWS_AS(git::make_signer(Signing::ssh, "key", 200ms)("commit"), Unavailable);
  program(one.dir / "bin/ssh-keygen", "#!/bin/sh\necho 'this is no signature'\n");
  CHECK_THROWS_AS(git::make_signer(Signing::ssh, "key")("commit"), Refused);
  program(one.dir / "bin/ssh-keygen", "#!/bin/sh\necho '-----BEGIN SSH SIGNATURE-----'\nexit 1\n");
  CHECK_THROWS_AS(git::make_signer(Signing::ssh, "key")("commit"), Refused);
  const Variable empty("PATH", (one.dir / "nothing").string());
  CHECK_THROWS_WITH(git::make_signer(Signing::ssh, "key")("commit"), Catch::Contains("there is no ssh-keygen in PATH"));
  CHECK_FALSE(git::make_signer(Signing::none, ""));
}

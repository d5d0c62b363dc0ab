#include "trigger/verify.hpp"

#include <catch2/catch.hpp>

#include "base/hex.hpp"
#include "base/hmac.hpp"
#include "captured.hpp"

namespace slipway::trigger {
namespace {

const std::string body = R"({"ref":"refs/heads/main"})";
const std::string right = to_hex(HmacSha256("key").sign(body));
const std::string other = to_hex(HmacSha256("other").sign(body));

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

struct Case {
  const char* name;
  Headers headers;
  std::vector<std::string> secrets;
  bool valid;
};

TEST_CASE("a signature is valid when one header has it and none says otherwise") {
  const auto c = GENERATE_REF(values<Case>({
      {"Gitea's header", {{"X-Gitea-Signature", {right}}}, {"key"}, true},
      {"GitHub's header", {{"X-Hub-Signature-256", {"sha256=" + right}}}, {"key"}, true},
      {"both", {{"X-Gitea-Signature", {right}}, {"X-Hub-Signature-256", {"sha256=" + right}}}, {"key"}, true},
      {"upper-case hex",
       {{"X-Gitea-Signature", {upper(right)}}, {"X-Hub-Signature-256", {"sha256=" + upper(right)}}},
       {"key"},
       true},
      {"one empty, one valid",
       {{"X-Gitea-Signature", {""}}, {"X-Hub-Signature-256", {"sha256=" + right}}},
       {"key"},
       true},
      {"one empty with its prefix, one valid",
       {{"X-Gitea-Signature", {right}}, {"X-Hub-Signature-256", {"sha256="}}},
       {"key"},
       true},
      {"the newer of two secrets", {{"X-Gitea-Signature", {right}}}, {"old", "key"}, true},
      {"the older of two secrets", {{"X-Gitea-Signature", {right}}}, {"key", "new"}, true},
      {"headers signed with different valid secrets",
       {{"X-Gitea-Signature", {right}}, {"X-Hub-Signature-256", {"sha256=" + other}}},
       {"key", "other"},
       true},
      {"the same header twice", {{"X-Gitea-Signature", {right, right}}}, {"key"}, true},
      {"no header", {}, {"key"}, false},
      {"both empty: unsigned", {{"X-Gitea-Signature", {""}}, {"X-Hub-Signature-256", {"sha256="}}}, {"key"}, false},
      {"wrong", {{"X-Gitea-Signature", {other}}}, {"key"}, false},
      {"one valid, one wrong",
       {{"X-Gitea-Signature", {right}}, {"X-Hub-Signature-256", {"sha256=" + other}}},
       {"key"},
       false},
      {"repeated header, one wrong", {{"X-Gitea-Signature", {right, other}}}, {"key"}, false},
      {"one digit missing", {{"X-Gitea-Signature", {right.substr(1)}}}, {"key"}, false},
      {"one digit too many", {{"X-Gitea-Signature", {right + "0"}}}, {"key"}, false},
      {"prefix in Gitea's header", {{"X-Gitea-Signature", {"sha256=" + right}}}, {"key"}, false},
      {"no prefix in GitHub's header", {{"X-Hub-Signature-256", {right}}}, {"key"}, false},
      {"another hash's prefix", {{"X-Hub-Signature-256", {"sha1=" + right}}}, {"key"}, false},
      {"SHA-1 header alone", {{"X-Hub-Signature", {"sha1=0a41ce3dbb24d1b7a6a347d0b5452e9ba2fc5c99"}}}, {"key"}, false},
      {"Gogs's header alone", {{"X-Gogs-Signature", {right}}}, {"key"}, false},
      {"no secret is known", {{"X-Gitea-Signature", {right}}}, {}, false},
      {"an empty secret makes nothing", {{"X-Gitea-Signature", {to_hex(HmacSha256(" ").sign(body))}}}, {""}, false},
  }));
  INFO(c.name);
  RawDelivery raw;
  raw.headers = c.headers;
  raw.body = body;
  CHECK(verify(std::move(raw), c.secrets).has_value() == c.valid);
}

TEST_CASE("changing any byte of the body makes the signature wrong") {
  const std::vector<std::string> secrets{"key"};
  for (std::size_t i = 0; i < body.size(); ++i) {
    RawDelivery raw;
    raw.headers.add("X-Gitea-Signature", right);
    raw.body = body;
    raw.body[i] = static_cast<char>(raw.body[i] ^ 1);
    CHECK_FALSE(verify(std::move(raw), secrets));
  }
}

TEST_CASE("the fingerprint is that of the bytes, whichever header carries the signature, and is not the signature") {
  const std::vector<std::string> secrets{"key"};
  const auto fingerprint = [&](const std::string& bytes, bool hub) {
    RawDelivery raw;
    raw.body = bytes;
    raw = sign(std::move(raw), "key");
    raw.headers.erase(hub ? "X-Gitea-Signature" : "X-Hub-Signature-256");
    return verify(std::move(raw), secrets)->fingerprint();
  };
  CHECK(fingerprint(body, true) == fingerprint(body, false));
  CHECK(fingerprint(body, true) != fingerprint(body + " ", true));
  CHECK(to_hex(fingerprint(body, true)) != right);
}

TEST_CASE("the body is moved, not copied") {
  RawDelivery raw;
  raw.headers.add("X-Gitea-Signature", right);
  raw.body = body;
  const char* const bytes = raw.body.data();
  const std::vector<std::string> secrets{"key"};
  const auto verified = verify(std::move(raw), secrets);
  REQUIRE(verified);
  CHECK(verified->raw().body.data() == bytes);
}

TEST_CASE("of a form only the payload field is decoded, and the signature is over that") {
  struct Row {
    std::string form;
    std::optional<std::string> payload;
  };
  const auto row = GENERATE(values<Row>({{"payload=%7B%7D", "{}"},
                                         {"payload=a+b%2Bc", "a b+c"},
                                         {"a=%zz&payload=1", "1"},
                                         {"payload=1&payload=2", "1"},
                                         {"payload=", ""},
                                         {"xpayload=1", std::nullopt},
                                         {"%70ayload=1", std::nullopt},
                                         {"payload=%4", std::nullopt},
                                         {"payload=%", std::nullopt},
                                         {"payload=%g0", std::nullopt},
                                         {"", std::nullopt}}));
  INFO(row.form);
  CHECK(form_payload(row.form) == row.payload);
}

TEST_CASE("what is signed here is valid here, also as a form") {
  const std::vector<std::string> secrets{"key"};
  for (const char* type :
       {"application/json", "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"}) {
    RawDelivery raw;
    raw.headers.add("Content-Type", type);
    raw.body = type[0] == 'a' && type[12] == 'j' ? body : "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D";
    const auto verified = verify(sign(std::move(raw), "key"), secrets);
    REQUIRE(verified);
    CHECK(verified->raw().body == body);
  }
}

}  // namespace
}  // namespace slipway::trigger

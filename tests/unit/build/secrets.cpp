#include "build/secrets.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/hex.hpp"

using slipway::build::Mask;
using slipway::build::Secrets;

namespace {

Secrets knowing(std::initializer_list<std::string_view> values) {
  Secrets secrets;
  for (const auto value : values) secrets.hide(value);
  return secrets;
}

struct Row {
  const char* what;
  std::string secret, text, shown;
};

}  // namespace

TEST_CASE("a secret is masked in every form that programs print") {
  const std::string token = "p@ss word/1%";
  const std::vector<Row> rows{
      {"as it is", "s3cret", "login ci:s3cret ok", "login ci:*** ok"},
      {"twice", "s3cret", "s3crets3cret", "******"},
      {"the file's line end is no part of it", "s3cret\n", "a s3cret b", "a *** b"},
      {"nothing to hide", "", "a b", "a b"},
      {"percent-encoded, upper case", token, "http://u:p%40ss%20word%2F1%25@h", "http://u:***@h"},
      {"percent-encoded, lower case", token, "p%40ss%20word%2f1%25", "***"},
      {"percent-encoded in part", token, "p%40ss%20word/1%25", "***"},
      {"every character percent-encoded", "ab", "%61%62", "***"},
      {"as a form field", token, "p%40ss+word%2F1%25", "***"},
      {"escaped as JSON", "a\"b\\c\nd", R"({"k":"a\"b\\c\nd"})", R"({"k":"***"})"},
      {"one line of a long one", "-----BEGIN KEY-----\nMIIBVgIBADAN\n", "> MIIBVgIBADAN <", "> *** <"},
      {"no secret", "s3cret", "s3cre t s3cre", "s3cre t s3cre"},
      {"an almost match before a match", "aab", "aaab", "a***"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    CHECK(knowing({row.secret}).masked(row.text) == row.shown);
  }
}

TEST_CASE("of secrets that begin alike the longest is masked") {
  const auto secrets = knowing({"abc", "abcdef"});
  CHECK(secrets.masked("abcdef abcde abc") == "*** ***de ***");
}

TEST_CASE("base64 of a secret is masked wherever in the encoded text it stands") {
  const std::string secret = "correct horse battery";
  const auto secrets = knowing({secret});
  for (const std::string before : {"", "x", "ci", "ci:", "user:"}) {
    for (const std::string after : {"", "y", "yz"}) {
      INFO(before << "|" << after);
      const std::string encoded = slipway::to_base64(before + secret + after);
      const std::string shown = secrets.masked("auth: " + encoded);
      CHECK(shown.find("***") != std::string::npos);
      // What is left decodes to less than any whole character of the secret's middle.
      CHECK(shown.find(encoded.substr(encoded.size() / 2, 6)) == std::string::npos);
    }
  }
}

TEST_CASE("base64 that a tool wrapped into lines is masked as a whole") {
  const std::string secret(90, 'k');
  std::string encoded = slipway::to_base64(secret);
  encoded.insert(76, "\n");
  CHECK(knowing({secret}).masked("> " + encoded + "\n") == "> ***\n");
}

TEST_CASE("a secret that is split over writes is masked at every cut") {
  const auto secrets = knowing({"s3cret/word", "s3c"});
  const std::string text = "a s3cret/word b s3cret%2Fword c s3x s3";
  const std::string whole = secrets.masked(text);
  CHECK(whole == "a *** b *** c s3x s3");
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    INFO(cut);
    Mask mask(secrets);
    std::string shown = mask.feed(text.substr(0, cut));
    shown += mask.feed(text.substr(cut));
    CHECK(shown + mask.finish() == whole);
  }
  Mask bytewise(secrets);
  std::string shown;
  for (const char c : text) shown += bytewise.feed(std::string(1, c));
  CHECK(shown + bytewise.finish() == whole);
}

TEST_CASE("what cannot become a secret is shown at once") {
  const auto secrets = knowing({"s3cret"});
  Mask mask(secrets);
  CHECK(mask.feed("STEP 1/3\nplea") == "STEP 1/3\nplea");
  CHECK(mask.feed("se s3c") == "se ");
  CHECK(mask.feed("ond\n") == "s3cond\n");
}

#include "base/hmac_keys.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "base/hex.hpp"

using namespace slipway;

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

}  // namespace

TEST_CASE("however many messages of whatever lengths are signed together, each has the HMAC that it has alone") {
  const std::vector<std::string> secrets{"k", std::string(64, 'b'), std::string(65, 'c'), std::string(300, '\xff')};
  HmacKeys keys(secrets);
  REQUIRE(keys.size() == secrets.size());
  std::mt19937 random(4);
  for (std::size_t count = 0; count <= 2 * HmacKeys::lanes + 3; ++count) {
    std::vector<std::string> messages(count);
    for (std::string& message : messages) {
      message.resize(random() % (random() % 2 == 0 ? 130 : 9000));
      for (char& c : message) c = static_cast<char>(random());
    }
    const auto digests = keys.sign(views(messages));
    REQUIRE(digests.size() == count * secrets.size());
    bool same = true;
    for (std::size_t m = 0; m < count; ++m) {
      for (std::size_t k = 0; k < secrets.size(); ++k) same = same && digests[m * secrets.size() + k] == HmacSha256(secrets[k]).sign(messages[m]);
    }
    INFO(count << " messages");
    CHECK(same);
  }
}

TEST_CASE("a message that is too long for the lanes is signed as well, with those beside it") {
  const std::vector<std::string> secrets{"key"}, messages{"a", std::string(HmacKeys::longest_together + 1, 'x'), "", "b"};
  const auto digests = HmacKeys(secrets).sign(views(messages));
  REQUIRE(digests.size() == messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) CHECK(to_hex(digests[i]) == to_hex(HmacSha256("key").sign(messages[i])));
}

TEST_CASE("an empty secret makes no key, and without keys nothing is signed") {
  const std::vector<std::string> secrets{"", "key", ""}, none{""}, messages{"a", "b", "c", "d"};
  CHECK(HmacKeys(secrets).size() == 1);
  CHECK(HmacKeys(none).sign(views(messages)).empty());
}

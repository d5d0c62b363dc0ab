#include "cel/misspelling.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace slipway;
using cel::nearly;

namespace {

/// Characters of one to four bytes.
const std::vector<std::string> letters = {"a", "b", "c", "x", "Y", "z", "0", "-", "_", "/", "\u00e9", "\u20ac", "\ud55c", "\uae00", "\U0001f6a2"};

std::string text_of(const std::vector<std::string>& characters) {
  std::string text;
  for (const auto& character : characters) text += character;
  return text;
}

class Typist {
 public:
  std::vector<std::string> write(std::size_t length) {
    std::vector<std::string> characters;
    while (characters.size() < length) characters.push_back(letter());
    return characters;
  }
  /// Puts a letter in, takes one out, or replaces one.
  void mistype(std::vector<std::string>& characters) {
    const auto at = characters.begin() + static_cast<std::ptrdiff_t>(random_() % characters.size());
    switch (random_() % 3) {
      case 0: characters.insert(at, letter()); break;
      case 1: characters.erase(at); break;
      default: *at = letter();
    }
  }

 private:
  const std::string& letter() { return letters[random_() % letters.size()]; }
  std::mt19937 random_{7};
};

}  // namespace

TEST_CASE("two letters put in, taken out or replaced in any alphabet are a misspelling") {
  Typist typist;
  for (int round = 0; round < 20'000; ++round) {
    const auto meant = typist.write(8 + static_cast<std::size_t>(round % 20));
    auto typed = meant;
    for (int i = 0; i <= round % 2; ++i) typist.mistype(typed);
    const std::string a = text_of(typed), b = text_of(meant);
    INFO(a << " for " << b);
    CHECK((a == b || nearly(a, b)));
  }
}

TEST_CASE("two neighbours that have changed places, or another case, are a misspelling") {
  CHECK(nearly("serivces/document-svc/", "services/document-svc/"));
  CHECK(nearly("Services/Document-svc/", "services/document-svc/"));
}

TEST_CASE("another word is no misspelling") {
  CHECK_FALSE(nearly("services/document-svc/", "services/document-svc/"));
  CHECK_FALSE(nearly("services/academy-svc/", "services/document-svc/"));
  CHECK_FALSE(nearly("services/other-1/", "services/core/academy/"));
  CHECK_FALSE(nearly("abc", "abd"));
  CHECK_FALSE(nearly("services/svc-abc/", "services/svc-xyz/"));
  CHECK_FALSE(nearly("", "abcd"));
}

#include "http/signer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace slipway;
using http::Keys;

namespace {

std::shared_ptr<Keys> keys_of(const std::vector<std::string>& secrets) { return std::make_shared<Keys>(secrets); }

struct Signed {
  explicit Signed(std::string text) : message(std::move(text)) {}
  std::string message;
  std::vector<Sha256Digest> digests;
  bool done = false;
};

Task<> sign(http::Signer& signer, std::shared_ptr<Keys> keys, Signed& one) {
  one.digests = co_await signer.sign(keys, one.message);
  one.done = true;
}

bool right(const Signed& one, const std::vector<std::string>& secrets) {
  std::vector<Sha256Digest> expected;
  for (const std::string& secret : secrets) expected.push_back(HmacSha256(secret).sign(one.message));
  return one.done && one.digests == expected;
}

}  // namespace

TEST_CASE("tasks that ask in one round of the loop each get their own digests") {
  const std::vector<std::string> secrets{"old", "new"};
  const auto keys = keys_of(secrets);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, HmacKeys::lanes, 5 * HmacKeys::lanes + 1}) {
    asio::io_context loop(1);
    http::Signer signer;
    std::vector<Signed> all;
    for (std::size_t i = 0; i < count; ++i) all.emplace_back("message " + std::to_string(i) + std::string(i * 37, 'x'));
    for (Signed& one : all) asio::co_spawn(loop, sign(signer, keys, one), asio::detached);
    loop.run();
    INFO(count << " messages");
    for (const Signed& one : all) CHECK(right(one, secrets));
  }
}

TEST_CASE("while secrets are exchanged, each task is answered with the keys that it asked with") {
  const std::vector<std::string> before{"old"}, after{"old", "new"};
  const auto old_keys = keys_of(before), new_keys = keys_of(after);
  asio::io_context loop(1);
  http::Signer signer;
  std::vector<Signed> all;
  for (int i = 0; i < 60; ++i) all.emplace_back("message " + std::to_string(i));
  const auto is_old = [](std::size_t i) { return i % 7 < 3; };
  for (std::size_t i = 0; i < all.size(); ++i) asio::co_spawn(loop, sign(signer, is_old(i) ? old_keys : new_keys, all[i]), asio::detached);
  loop.run();
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(right(all[i], is_old(i) ? before : after));
}

TEST_CASE("a long message does not wait for others, nor they for it") {
  const std::vector<std::string> secrets{"key"};
  asio::io_context loop(1);
  http::Signer signer;
  Signed a("short"), b(std::string(HmacKeys::longest_together + 1, 'x')), c("short too");
  for (Signed* one : {&a, &b, &c}) asio::co_spawn(loop, sign(signer, keys_of(secrets), *one), asio::detached);
  while (!b.done && loop.run_one() > 0) {
  }
  CHECK(b.done);
  CHECK_FALSE(a.done);
  loop.run();
  for (const Signed* one : {&a, &b, &c}) CHECK(right(*one, secrets));
}

TEST_CASE("a loop that ends takes along who waits") {
  http::Signer signer;
  Signed one("never signed");
  {
    asio::io_context loop(1);
    asio::co_spawn(loop, sign(signer, keys_of({"key"}), one), asio::detached);
    loop.run_one();
  }
  CHECK_FALSE(one.done);
}

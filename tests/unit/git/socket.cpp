#include "git/socket.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "git/operation.hpp"
#include "git/stream.hpp"
#include "support/faulty_proxy.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

/// What one connection came to: empty, or why there is none.
std::string connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit, std::shared_ptr<const git::CancelFlag> cancel = nullptr) {
  git::use_own_streams();  // initialises libgit2, which keeps the words of an error
  const git::Operation operation(limit, false, std::move(cancel));
  git::Socket socket(host, std::to_string(port));
  return socket.connect() ? "" : operation.accident();
}

}  // namespace

TEST_CASE("a server is found by its name and by its address") {
  const test::SilentServer server;
  for (const char* host : {"localhost", "127.0.0.1"}) CHECK(connect(host, server.port(), 10s) == "");
  CHECK_THAT(connect("no-such-host.invalid", server.port(), 60s), Catch::Contains("no-such-host.invalid:") && Catch::Contains("resolved"));
}

TEST_CASE("names are looked up by many threads at once") {
  std::vector<std::string> answers[8];
  std::vector<std::thread> threads;
  for (auto& mine : answers) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) mine.push_back(connect("localhost", 1, 60s));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& mine : answers) {
    CHECK(std::all_of(mine.begin(), mine.end(), [](const std::string& one) { return one == "localhost:1: Connection refused"; }));
  }
}

TEST_CASE("a look-up ends with the operation") {
  const auto cancel = std::make_shared<git::CancelFlag>();
  cancel->set();
  CHECK_THAT(connect("localhost", 1, 60s, cancel), Catch::Contains("cancelled"));
  CHECK_THAT(connect("localhost", 1, 0s), Catch::Contains("no answer within the time limit"));
}

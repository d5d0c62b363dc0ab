// A checkout of a commit from the warm mirror beside `git clone --depth=1` from the same server: 2,000 files, 20 MB. Rounds
// alternate, so that a busy machine is busy for both. Both write into memory where the machine has such a folder (TMPDIR says
// otherwise): a disk, which both pay alike, tells more about what was deleted on it a minute ago. --json for machines; --quick
// for less.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "git/checkout.hpp"
#include "git/mirror_folder.hpp"
#include "support/git_server.hpp"

namespace {

using namespace slipway;
namespace fs = std::filesystem;

constexpr int files = 2000;
constexpr std::size_t bytes_each = 10'000;
constexpr double goal = 5;
constexpr std::uintmax_t memory_needed = 2'000'000'000;

double ms(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

test::GitFiles source_files() {
  test::GitFiles all;
  std::minstd_rand random(7);
  for (int i = 0; i < files; ++i) {
    std::string text;
    while (text.size() < bytes_each) text += fmt::format("line {} of a source file with some words {}\n", text.size(), random());
    all.emplace(fmt::format("module{}/package{}/file{}.java", i % 20, i % 7, i), text);
  }
  return all;
}

struct Times {
  std::vector<double> checkout, clone;
};

/// Where both write; says so.
std::string choose_folder() {
  std::error_code none;
  const fs::path memory = "/dev/shm";
  if (std::getenv("TMPDIR") != nullptr || fs::space(memory, none).available < memory_needed || none) return "on disk";
  ::setenv("TMPDIR", memory.c_str(), 1);
  return "in memory";
}

Times measure(int rounds) {
  const test::TmpDir dir;
  test::GitServer server;
  const CommitSha commit = server.create("bench/source").commit(source_files());
  git::Access access;
  access.credentials = [&server] { return git::Credentials(server.user(), server.password()); };
  git::MirrorFolder mirror(dir / "source.git", Log());
  mirror.fetch(server.url("bench/source"), access);
  Times times;
  for (int round = 0; round < rounds; ++round) {
    const fs::path ours = dir / fmt::format("out{}", round), cloned = dir / fmt::format("clone{}", round);
    fs::create_directory(ours);
    times.checkout.push_back(ms([&] {
      mirror.use([&](const fs::path& from) {
        if (!git::checkout(from, commit, ours, git::CheckoutOptions())) throw std::runtime_error("the checkout failed");
      });
    }));
    times.clone.push_back(ms([&] { test::succeed({"git", "clone", "-q", "--depth=1", server.url_with_login("bench/source"), cloned.string()}); }));
  }  // what is written stays for now: a file system is slow to make files where others have just been deleted
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto has = [&](const char* word) { return std::find(arguments.begin(), arguments.end(), word) != arguments.end(); };
  const std::string where = choose_folder();
  const Times times = measure(has("--quick") ? 3 : 9);
  const double ours = median(times.checkout), clone = median(times.clone), ratio = clone / ours;
  const std::string name = "checkout of 2,000 files, 20 MB", peer = fmt::format("git clone --depth=1 {:.0f} ms, both {}", clone, where);
  if (has("--json")) {
    std::printf("%s", fmt::format(R"([{{"name": "{}", "value": {:.2f}, "unit": "ms", "peer": "{}", "ratio": {:.2f}, "goal": "at least {}", "ok": {}}}])"
                                  "\n", name, ours, peer, ratio, goal, ratio >= goal).c_str());
  } else {
    std::printf("%s", fmt::format("{}: {:.1f} ms, {:.2f} times faster (at least {}) than {}\n", name, ours, ratio, goal, peer).c_str());
  }
  return ratio >= goal ? 0 : 1;
}

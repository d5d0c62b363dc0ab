// Many writers, each with a mirror of its own, and one branch: nothing is lost, nothing is there twice, on a network that fails.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <thread>

#include "base/failure.hpp"
#include "git/infra_branch.hpp"
#include "support/faulty_proxy.hpp"
#include "support/git_server.hpp"

using namespace slipway;
using test::Fault;

namespace {

constexpr int writers = 8;

/// One infra repository, and what its writers need.
struct Team {
  Team() : repository(server.create("Lumie-Edu/infra")) {
    test::GitFiles files;
    for (int i = 0; i < writers; ++i) files.emplace(file_of(i), "tag: \"0\"\n");
    repository.commit(files);
  }

  static std::string file_of(int writer) { return "applications/app" + std::to_string(writer) + "/values.yaml"; }

  git::InfraBranch open(int writer, std::uint16_t port) const {
    git::InfraOptions options;
    options.url = "http://localhost:" + std::to_string(port) + "/git/Lumie-Edu/infra.git";
    options.mirror = dir / ("mirror" + std::to_string(writer));
    options.access.credentials = [user = server.user(), password = server.password()] { return git::Credentials(user, password); };
    options.access.limit = std::chrono::seconds(20);
    return git::InfraBranch(std::move(options), Log());
  }

  /// How often each subject is on the branch.
  std::map<std::string, int> subjects() const {
    std::map<std::string, int> counts;
    std::istringstream lines(repository.git({"log", "--format=%s", "main"}));
    for (std::string line; std::getline(lines, line);) ++counts[line];
    return counts;
  }

  test::GitServer server;
  test::GitRepository repository;
  test::TmpDir dir;
};

/// Tries until the commit is on the branch, as a hand-off does: it looks before it makes the commit again. Counts lost races.
void land(git::InfraBranch& branch, const std::string& file, const std::string& bytes, const std::string& subject, std::atomic<int>& races) {
  git::NewCommit commit;
  commit.files[file] = bytes;
  commit.message = subject + "\n";
  while (true) {
    try {
      const CommitSha head = branch.head();
      if (branch.read(head, file) == bytes) return;
      if (std::holds_alternative<git::Landed>(branch.push(head, {commit}))) return;
      ++races;
      branch.fetch();
    } catch (const Unavailable&) {  // a cut, a 503, a lost answer: who knows what the server made of it
    }
  }
}

void run_all(int count, const std::function<void(int)>& writer) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(writer, i);
  for (auto& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("eight writers at once all land, one commit each, in one line of history") {
  Team team;
  std::atomic<int> races{0};
  run_all(writers, [&](int i) {
    auto branch = team.open(i, team.server.port());
    for (int round = 1; round <= 3; ++round) land(branch, Team::file_of(i), "tag: \"" + std::to_string(round) + "\"\n", "app" + std::to_string(i) + "." + std::to_string(round), races);
  });
  WARN(races << " races lost and won again");
  const auto subjects = team.subjects();
  CHECK(subjects.size() == 1 + 3 * writers);
  CHECK(std::all_of(subjects.begin(), subjects.end(), [](const auto& one) { return one.second == 1; }));
  CHECK(team.repository.git({"rev-list", "--min-parents=2", "main"}) == "");
  for (int i = 0; i < writers; ++i) CHECK(team.repository.read(Team::file_of(i)) == "tag: \"3\"\n");
  CHECK(team.repository.git({"fsck", "--strict", "--no-dangling"}) == "");
}

TEST_CASE("on a network that cuts, refuses and loses answers, every commit lands once") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Team team;
  std::minstd_rand random(seed);
  test::FaultyProxy proxy(team.server.port(), [&](const test::SeenRequest&) {
    Fault fault;
    switch (random() % 8) {
      case 0: fault.kind = Fault::Kind::answer; break;
      case 1: fault.kind = Fault::Kind::cut; break;
      case 2: fault.kind = Fault::Kind::cut_answer; fault.bytes = random() % 600; break;
      default: break;
    }
    return fault;
  });
  std::atomic<int> races{0};
  run_all(4, [&](int i) {
    auto branch = team.open(i, proxy.port());
    for (int round = 1; round <= 3; ++round) land(branch, Team::file_of(i), "tag: \"" + std::to_string(round) + "\"\n", "app" + std::to_string(i) + "." + std::to_string(round), races);
  });
  const auto subjects = team.subjects();
  CHECK(subjects.size() == 1 + 3 * 4);
  CHECK(std::all_of(subjects.begin(), subjects.end(), [](const auto& one) { return one.second == 1; }));
  CHECK(team.repository.git({"fsck", "--strict", "--no-dangling"}) == "");
}

// The hand-off beside the server's own share and beside the shell way, all against one smart-HTTP server in one run. Rounds
// alternate, so that a busy machine is busy for both. --json for machines; --quick for less; the words one, eight for a part.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <atomic>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "edit/edit.hpp"
#include "git/infra_branch.hpp"
#include "support/git_server.hpp"
#include "support/prepared_push.hpp"

namespace {

using namespace slipway;
using test::GitFiles;
using test::GitServer;

double ms(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

struct Figure {
  std::string name, unit, peer;
  double value = 0, ratio = 0, goal = 0;
  bool at_most = true;
  bool extra = true;  ///< whatever else has to hold
  bool ok() const { return extra && (at_most ? ratio <= goal : ratio >= goal); }
};

std::string values_file(int app, int tag) {
  std::string text = "# values of app " + std::to_string(app) + "\nreplicas: 2\nimage:\n  repository: zot.example/lumie/app" + std::to_string(app) + "\n";
  text += fmt::format("  tag: \"{}\"  # set by CI\nresources:\n  limits:\n    memory: 512Mi\n", tag);
  for (int i = 0; i < 40; ++i) text += fmt::format("extra{}: value {}\n", i, i);
  return text;
}

std::string file_of(int app) { return "applications/app" + std::to_string(app) + "/values.yaml"; }

/// An infra repository as they are: some dozens of applications with a few files each, some history.
GitFiles infra_files() {
  GitFiles files;
  for (int app = 0; app < 30; ++app) {
    files.emplace(file_of(app), values_file(app, 1));
    for (const char* name : {"Chart.yaml", "templates/deployment.yaml", "templates/service.yaml"}) {
      files.emplace("applications/app" + std::to_string(app) + "/" + name, values_file(app, 0));
    }
  }
  return files;
}

git::Access access_to(const GitServer& server) {
  git::Access access;
  access.credentials = [user = server.user(), password = server.password()] { return git::Credentials(user, password); };
  return access;
}

git::InfraBranch open_branch(const GitServer& server, const std::string& name, const test::TmpDir& dir) {
  git::InfraOptions options;
  options.url = server.url(name);
  options.mirror = dir / (name.substr(name.find('/') + 1) + ".git");
  options.access = access_to(server);
  return git::InfraBranch(std::move(options), Log());
}

git::NewCommit edited(git::InfraBranch& branch, const CommitSha& head, int app, int tag) {
  git::NewCommit commit;
  const auto text = branch.read(head, file_of(app));
  const auto path = edit::Path::parse("image.tag");
  commit.files[file_of(app)] = *edit::replace(text.value(), *path, std::to_string(tag));
  commit.message = fmt::format("CHORE(app): update app{} image to {}\n", app, tag);
  return commit;
}

/// Head, read, edit, commit, push: everything that a hand-off does with the infra repository.
void hand_off(git::InfraBranch& branch, const std::vector<int>& apps, int tag) {
  const CommitSha head = branch.head();
  std::vector<git::NewCommit> commits;
  for (const int app : apps) commits.push_back(edited(branch, head, app, tag));
  if (!std::holds_alternative<git::Landed>(branch.push(head, commits))) throw std::runtime_error("a hand-off lost a race with nobody");
}

/// The shell way, unchanged; with `path` before PATH. True when it did not give up.
bool shell_handoff(const GitServer& server, const std::string& name, int app, int tag, const std::string& path = "") {
  std::vector<std::pair<std::string, std::string>> environment{{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}};
  if (!path.empty()) environment.emplace_back("PATH", path + ":" + std::getenv("PATH"));
  const auto ended = test::run({SLIPWAY_SOURCE_DIR "/tests/data/handoff/shell-handoff", server.url_with_login(name), file_of(app), "tag", std::to_string(tag),
                                "app" + std::to_string(app)},
                               "", environment);
  return ended.code == 0;
}

std::vector<Figure> one_at_a_time(GitServer& server, int rounds, const test::TmpDir& dir) {
  for (const char* name : {"bench/ours", "bench/shell"}) server.create(name).commit(infra_files());
  auto bare = server.create("bench/bare");
  bare.commit(infra_files());
  auto branch = open_branch(server, "bench/ours", dir);
  const auto pushes = test::prepare_pushes(bare, file_of(0), rounds);
  branch.fetch();
  hand_off(branch, {0}, 999);
  std::vector<double> ours, servers, shell;
  for (int i = 0; i < rounds; ++i) {
    ours.push_back(ms([&] { hand_off(branch, {0}, 1000 + i); }));
    servers.push_back(ms([&] { test::send(pushes[static_cast<std::size_t>(i)], server, "bench/bare"); }));
    if (i % 4 == 0) shell.push_back(ms([&] { shell_handoff(server, "bench/shell", 0, 1000 + i); }));
  }
  Figure to_server{"one warm hand-off", "ms", fmt::format("the server's own share {:.1f} ms", median(servers)), median(ours), median(ours) / median(servers), 1.6};
  Figure to_shell{"one warm hand-off", "ms", fmt::format("shell {:.0f} ms", median(shell)), median(ours), median(shell) / median(ours), 4};
  to_shell.at_most = false;
  return {to_server, to_shell};
}

/// A `sleep` that does not, and writes down for how long it was asked to.
std::string without_sleeps(const test::TmpDir& dir) {
  std::filesystem::create_directories(dir / "bin");
  test::write_file(dir / "bin/sleep", "#!/bin/sh\necho \"$1\" >> '" + (dir / "slept").string() + "'\n");
  std::filesystem::permissions(dir / "bin/sleep", std::filesystem::perms(0755));
  return (dir / "bin").string();
}

double seconds_slept(const test::TmpDir& dir) {
  std::ifstream file(dir / "slept");
  double total = 0;
  for (double one = 0; file >> one;) total += one;
  return total;
}

Figure eight_at_once(GitServer& server, int rounds, const test::TmpDir& dir) {
  auto repository = server.create("bench/eight"), other = server.create("bench/eight-shell");
  for (auto* one : {&repository, &other}) one->commit(infra_files());
  auto branch = open_branch(server, "bench/eight", dir);
  branch.fetch();
  hand_off(branch, {9}, 1);
  const std::string path = without_sleeps(dir);
  std::vector<double> ours, shell;
  int gave_up = 0;
  for (int round = 0; round < rounds; ++round) {
    // The first to be ready goes at once; the seven who come meanwhile go together behind it.
    ours.push_back(ms([&] {
      hand_off(branch, {0}, 2000 + round);
      hand_off(branch, {1, 2, 3, 4, 5, 6, 7}, 2000 + round);
    }));
    shell.push_back(ms([&] {
      std::vector<std::thread> writers;
      std::atomic<int> lost{0};
      for (int app = 0; app < 8; ++app) {
        writers.emplace_back([&, app] { lost += !shell_handoff(server, "bench/eight-shell", app, 2000 + round, path); });
      }
      for (auto& writer : writers) writer.join();
      gave_up += lost;
    }));
  }
  const auto commits = repository.log().size();
  Figure figure{"eight at once, two pushes", "ms",
                fmt::format("shell without its sleeps {:.0f} ms (it asked to sleep {:.0f} s a round, all eight together; {} of {} gave up)", median(shell),
                            seconds_slept(dir) / rounds, gave_up, 8 * rounds),
                median(ours), median(shell) / median(ours), 10};
  figure.at_most = false;
  figure.extra = commits == static_cast<std::size_t>(2 + 8 * rounds);  // none given up, one commit each
  return figure;
}

void print(const std::vector<Figure>& figures, bool as_json) {
  if (as_json) std::printf("[\n");
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const auto& one = figures[i];
    const std::string goal = fmt::format("{} {}", one.at_most ? "at most" : "at least", one.goal);
    if (as_json) {
      std::printf("%s", fmt::format(R"({{"name": "{}", "value": {:.2f}, "unit": "{}", "peer": "{}", "ratio": {:.2f}, "goal": "{}", "ok": {}}}{})", one.name,
                                    one.value, one.unit, one.peer, one.ratio, goal, one.ok(), i + 1 < figures.size() ? ",\n" : "\n")
                            .c_str());
    } else {
      std::printf("%s", fmt::format("{:34} {:8.1f} {}   {:.2f} ({}){}   beside {}\n", one.name, one.value, one.unit, one.ratio, goal, one.ok() ? "" : " MISSED", one.peer).c_str());
    }
  }
  if (as_json) std::printf("]\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto has = [&](const char* word) { return std::find(arguments.begin(), arguments.end(), word) != arguments.end(); };
  const bool everything = std::all_of(arguments.begin(), arguments.end(), [](const std::string& word) { return word.starts_with("--"); });
  const bool quick = has("--quick");
  const test::TmpDir dir;
  GitServer server;
  std::vector<Figure> figures;
  if (everything || has("one")) figures = one_at_a_time(server, quick ? 8 : 60, dir);
  if (everything || has("eight")) figures.push_back(eight_at_once(server, quick ? 2 : 5, dir));
  print(figures, has("--json"));
  return std::all_of(figures.begin(), figures.end(), [](const Figure& one) { return one.ok(); }) ? 0 : 1;
}

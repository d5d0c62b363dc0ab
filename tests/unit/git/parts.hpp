#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "git/infra_remote.hpp"
#include "git/mirrors.hpp"
#include "support/faulty_proxy.hpp"
#include "support/git_server.hpp"
#include "support/run_coroutine.hpp"

namespace slipway::test {

using namespace std::chrono_literals;

inline git::Access access_to(const GitServer& server, std::chrono::milliseconds limit = 20s) {
  git::Access access;
  access.credentials = [user = server.user(), password = server.password()] { return git::Credentials(user, password); };
  access.limit = limit;
  return access;
}

/// An infra repository on a server, and the remote that hand-offs use, called as if it were not asynchronous.
class InfraCase {
 public:
  InfraCase() : repository(server.create("Lumie-Edu/infra")) {
    repository.commit({{"charts/values.yaml", "tag: \"1\"\n"}, {"charts/other.yaml", "tag: \"1\"\n"}, {"README.md", "infra\n"}});
    options.url = server.url("Lumie-Edu/infra");
    options.mirror = dir / "infra.git";
    options.access = access_to(server);
    options.author = Identity("slipway", "slipway@lumie.example");
    options.committer = Identity("committer", "committer@lumie.example");
  }

  /// The remote; made by the first call, from the options as they are then.
  git::GitRemote& remote() {
    if (!remote_) remote_ = git::open_infra(options, Log());
    return *remote_;
  }
  void restart() { remote_.reset(); }
  std::filesystem::path mirror() const { return options.mirror; }
  void go_through(std::uint16_t port) { options.url = "http://127.0.0.1:" + std::to_string(port) + "/git/Lumie-Edu/infra.git"; }

  CommitSha fetch() { return run_coroutine(loop_, remote().fetch()); }
  CommitSha head() { return run_coroutine(loop_, remote().head()); }
  std::optional<std::string> read(const std::string& file) {
    const CommitSha at = head();
    return run_coroutine(loop_, remote().read(at, file));
  }
  git::PushOutcome push(const CommitSha& onto, std::vector<git::NewCommit> commits) {
    return run_coroutine(loop_, remote().commit_and_push(onto, std::move(commits)));
  }
  asio::io_context& loop() { return loop_; }

  GitServer server;
  GitRepository repository;
  TmpDir dir;
  git::InfraOptions options;

 private:
  asio::io_context loop_{1};
  std::unique_ptr<git::GitRemote> remote_;
};

/// Cuts every pack of a repository short, as a power failure might.
inline void cut_packs(const std::filesystem::path& repository) {
  for (const auto& entry : std::filesystem::directory_iterator(repository / "objects" / "pack")) {
    std::filesystem::permissions(entry.path(), std::filesystem::perms(0644));
    std::filesystem::resize_file(entry.path(), entry.file_size() / 2);
  }
}

inline git::NewCommit new_commit(const std::string& file, const std::string& bytes, const std::string& message = "CHORE(app): update app image to 04758206") {
  git::NewCommit commit;
  commit.files[file] = bytes;
  commit.message = message;
  return commit;
}

/// Source mirrors before one server, called as if they were not asynchronous.
class MirrorCase {
 public:
  MirrorCase() : repository(server.create("Lumie-Edu/lumie-backend")) {
    options.base_url = server.base_url();
    options.folder = dir / "mirrors";
    options.access = access_to(server);
  }
  git::SourceMirror& mirrors() {
    if (!mirrors_) mirrors_ = git::open_mirrors(options, loop_.get_executor(), Log());
    return *mirrors_;
  }
  void go_through(std::uint16_t port) { options.base_url = "http://127.0.0.1:" + std::to_string(port) + "/git"; }
  template <class T>
  T wait(Task<T> task) {
    return run_coroutine(loop_, std::move(task));
  }
  void fetch() { wait(mirrors().fetch(name)); }
  void restart() { mirrors_.reset(); }
  std::filesystem::path mirror() const { return options.folder / (name.value() + ".git"); }
  asio::io_context& loop() { return loop_; }

  const RepoName name{"Lumie-Edu/lumie-backend"};
  GitServer server;
  GitRepository repository;
  TmpDir dir;
  git::MirrorOptions options;

 private:
  asio::io_context loop_{1};
  std::unique_ptr<git::SourceMirror> mirrors_;
};

}  // namespace slipway::test

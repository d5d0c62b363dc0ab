#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "support/children.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::test {

/// A file of a commit: its bytes and Git's mode (100644, 100755, 120000; 160000 with a commit id as bytes). Without bytes it is removed.
struct GitFile {
  GitFile(std::string content) : bytes(std::move(content)) {}             // NOLINT: tests write {"file", "text"}
  GitFile(const char* content) : bytes(std::string(content)) {}           // NOLINT
  GitFile(std::nullopt_t) {}                                              // NOLINT
  GitFile(std::string content, std::string file_mode) : bytes(std::move(content)), mode(std::move(file_mode)) {}
  std::optional<std::string> bytes;
  std::string mode = "100644";
};
using GitFiles = std::map<std::string, GitFile>;

struct CommitOptions {
  using Parents = std::optional<std::vector<CommitSha>>;
  explicit CommitOptions(std::string onto = "main", Parents on_top_of = std::nullopt, std::string text = "change")
      : branch(std::move(onto)), parents(std::move(on_top_of)), message(std::move(text)) {}
  std::string branch;
  Parents parents;  ///< default: the branch's head; none begins a history
  std::string message;
};

/// A bare repository on the server's disk; commits are written into it without a work tree and without the network.
class GitRepository {
 public:
  explicit GitRepository(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path& folder() const noexcept { return folder_; }

  CommitSha commit(const GitFiles& files, const CommitOptions& options = CommitOptions());
  /// Sets a branch to a commit as a forced push would.
  void set_branch(const std::string& branch, const CommitSha& commit);
  CommitSha head(const std::string& branch = "main") const;
  /// A file's bytes at a commit or branch.
  std::string read(const std::string& file, const std::string& at = "main") const;
  /// Commit ids of a range, newest first, as git orders them.
  std::vector<CommitSha> log(const std::string& range = "main") const;
  /// Runs git in it; its output.
  std::string git(const std::vector<std::string>& arguments, const std::string& input = "") const;

  /// Installs a hook (a shell script).
  void hook(const std::string& name, const std::string& script);
  /// Whether it may be pushed to over HTTP: it may at first.
  void allow_push(bool allowed);
  /// Seconds from one commit to the next: 60 at first.
  void set_pace(int seconds) { pace_ = seconds; }

 private:
  std::filesystem::path folder_;
  int moment_ = 0, pace_ = 60;
};

/// A private smart-HTTP Git server (lighttpd, git-http-backend) with basic auth on a free port of the loopback address.
class GitServer {
 public:
  GitServer();
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/git"; }
  std::uint16_t port() const noexcept { return port_; }
  const std::string& user() const noexcept { return user_; }
  const std::string& password() const noexcept { return password_; }

  /// An empty repository with main as its HEAD, at `<base_url>/<name>.git`.
  GitRepository create(const std::string& name);
  std::string url(const std::string& name) const { return base_url() + "/" + name + ".git"; }
  /// The same with user and password in it, for git's own command.
  std::string url_with_login(const std::string& name) const;

  void stop() { process_.reset(); }
  void start();

 private:
  TmpDir dir_;
  std::uint16_t port_ = 0;
  std::string user_ = "ci", password_ = "s3cret-git";
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace slipway::test

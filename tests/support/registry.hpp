#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/tmp_dir.hpp"

namespace slipway::test {

/// Runs a program to its end: its exit code, its output appended to `output`.
int run_program(const std::vector<std::string>& argv, std::string& output);
/// The same for programs that have to succeed; throws with their output where they do not. Returns the output.
std::string must_run(const std::vector<std::string>& argv);

/// A private OCI registry (Debian's docker-registry) on a free port of the loopback address, with htpasswd; ends with the
/// test, also when that is killed.
class Registry {
 public:
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  const std::string& host() const noexcept { return host_; }  ///< 127.0.0.1:port
  const std::string& password() const noexcept { return password_; }
  /// A Docker config with its login, or with a wrong password.
  std::filesystem::path auth_file() const { return dir_ / "auth.json"; }
  std::filesystem::path wrong_auth_file() const { return dir_ / "wrong.json"; }

  /// Pushes a busybox image, built by buildah, and returns its name with tag. Once a registry.
  std::string busybox();
  void stop();
  void start();

 private:
  void write_auth(const std::filesystem::path& file, const std::string& password) const;
  TmpDir dir_;
  std::string host_;
  std::string password_ = "s3cret-registry";
  std::string busybox_;
  int port_ = 0;
  pid_t child_ = -1;
};

}  // namespace slipway::test

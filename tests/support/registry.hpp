#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "support/children.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::test {

/// A private OCI registry (Debian's docker-registry) on a free port of the loopback address, with htpasswd; ends with the
/// test, also when that is killed.
class Registry {
 public:
  Registry();

  const std::string& host() const noexcept { return host_; }  ///< 127.0.0.1:port
  const std::string& password() const noexcept { return password_; }
  /// A Docker config with its login, or with a wrong password.
  std::filesystem::path auth_file() const { return dir_ / "auth.json"; }
  std::filesystem::path wrong_auth_file() const { return dir_ / "wrong.json"; }

  /// Pushes a busybox image, built by buildah, and returns its name with tag. Once a registry.
  std::string busybox();
  void stop() { server_.reset(); }
  void start();

 private:
  void write_auth(const std::filesystem::path& file, const std::string& password) const;
  TmpDir dir_;
  std::string host_;
  std::string password_ = "s3cret-registry";
  std::string busybox_;
  std::uint16_t port_ = 0;
  std::optional<ServerProcess> server_;
};

}  // namespace slipway::test

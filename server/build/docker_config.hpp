#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::build {

struct Login {
  Login() = default;
  Login(std::string name, std::string secret) : user(std::move(name)), password(std::move(secret)) {}
  std::string user, password;
  bool operator==(const Login&) const = default;
};

/// The logins of a Docker config JSON (`{"auths":{"host":{"auth":"base64(user:password)"}}}`), as Kubernetes stores it under
/// `.dockerconfigjson`. Keys may have a scheme and a path; credential helpers are not run.
class DockerConfig {
 public:
  static Result<DockerConfig> parse(std::string_view json);
  /// Reads the file; do so for each use, since Vault may replace it at any time. Throws Unavailable if it cannot be read, Refused if
  /// it is not a Docker config. Blocking.
  static DockerConfig read(const std::filesystem::path& file);

  /// The login for exactly this `host[:port]`.
  std::optional<Login> login(std::string_view host) const;
  /// A config JSON with only the login of `host`, for a builder that must not see any other.
  std::string only(std::string_view host) const;
  /// All passwords and encoded `user:password` pairs, for masking in logs.
  std::vector<std::string> secrets() const;

 private:
  std::vector<std::pair<std::string, Login>> logins_;
};

}  // namespace slipway::build

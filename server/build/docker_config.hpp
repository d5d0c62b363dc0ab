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

/// The logins of a Docker config JSON (`{"auths":{"host":{"auth":"base64(user:password)"}}}`), as Kubernetes keeps it under
/// `.dockerconfigjson`. Keys may carry a scheme and a path; credential helpers are not run.
class DockerConfig {
 public:
  static Result<DockerConfig> parse(std::string_view json);
  /// Reads the file anew: Vault changes it under us. Throws Unavailable where it can not be read, Refused where it is no
  /// Docker config.
  static DockerConfig read(const std::filesystem::path& file);

  /// For exactly this host and port.
  std::optional<Login> login(std::string_view host) const;
  /// A config with the login of `host` alone, for a builder that is to know no other.
  std::string only(std::string_view host) const;
  /// Every password and encoded pair: to be masked in logs.
  std::vector<std::string> secrets() const;

 private:
  std::vector<std::pair<std::string, Login>> logins_;
};

}  // namespace slipway::build

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/id.hpp"
#include "git/operation.hpp"

namespace slipway::git {

/// User name and password (or token), as asked for right before a connection: files change under the daemon.
struct Credentials {
  Credentials() = default;
  Credentials(std::string who, std::string secret) : username(std::move(who)), password(std::move(secret)) {}
  std::string username, password;
  bool empty() const noexcept { return username.empty() && password.empty(); }
};
using AskCredentials = std::function<Credentials()>;

/// How one server is reached: what every operation on it has in common.
struct Access {
  Access() = default;
  AskCredentials credentials;  ///< may be unset: none
  bool insecure = false;       ///< TLS is not verified
  std::chrono::milliseconds limit{60'000};
  std::shared_ptr<const CancelFlag> cancel;
};

/// `organisation/name` as Gitea allows them: letters, digits, `-`, `_`, `.`; no `..`, no `.git` behind.
bool is_valid_repository(const RepoName& repository) noexcept;

/// `<base>/<organisation>/<name>.git`; throws Refused for a name that is not valid.
std::string repository_url(const std::string& base, const RepoName& repository);

/// `Authorization: Basic …`, empty without credentials. Sent at once, since the configured host is the only one spoken to: it saves
/// the round trip of a 401.
std::string authorization_header(const Access& access);

}  // namespace slipway::git

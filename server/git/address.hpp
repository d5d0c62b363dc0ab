#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/id.hpp"
#include "git/operation.hpp"

namespace slipway::git {

/// User name and password (or token). Asked for right before each connection, because the files they come from may change.
struct Credentials {
  Credentials() = default;
  Credentials(std::string who, std::string secret) : username(std::move(who)), password(std::move(secret)) {}
  std::string username, password;
  bool empty() const noexcept { return username.empty() && password.empty(); }
};
using AskCredentials = std::function<Credentials()>;

/// How a server is reached; common to all operations on it.
struct Access {
  Access() = default;
  AskCredentials credentials;  ///< unset: anonymous
  bool insecure = false;       ///< skip TLS verification
  std::chrono::milliseconds limit{60'000};
  std::shared_ptr<const CancelFlag> cancel;
};

/// `organisation/name` as Gitea allows it: letters, digits, `-`, `_`, `.`; no `..`, no trailing `.git`.
bool is_valid_repository(const RepoName& repository) noexcept;

/// `<base>/<organisation>/<name>.git`; throws Refused for a name that is not valid.
std::string repository_url(const std::string& base, const RepoName& repository);

/// `Authorization: Basic …`; empty without credentials. Sent pre-emptively, which saves the round trip of a 401 and is safe because
/// only the configured host is ever contacted.
std::string authorization_header(const Access& access);

}  // namespace slipway::git

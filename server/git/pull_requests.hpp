#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "git/address.hpp"
#include "io/http_client.hpp"

namespace slipway::git {

struct PullRequestOptions {
  PullRequestOptions() = default;
  std::string api_url;     ///< `https://git.example.com/api/v1`
  std::string repository;  ///< `organisation/name`
  Access access;
};

/// The options for a repository's URL, `<base>/<organisation>/<name>.git`. An empty `api_url` means `<base>/api/v1`.
/// Leaves `access` unset.
PullRequestOptions pull_request_options(const std::string& repository_url, const std::string& api_url);

struct PullRequest {
  PullRequest() = default;
  std::int64_t number = 0;
  std::string url;  ///< for a browser
  std::string title, body;
};

/// Pull requests within one repository, through Gitea's API (routers/api/v1/repo/pull.go; Forgejo's is the same).
/// Throws Unavailable if the server is unreachable, busy or broken, and Refused, with its own words, if it says no.
/// Used on the loop.
class PullRequests {
 public:
  PullRequests(io::HttpClient& http, PullRequestOptions options) : http_(http), options_(std::move(options)) {}

  /// Creates the pull request from branch `head` to branch `base`, or updates the title and body of the open one.
  Task<PullRequest> ensure(std::string head, std::string base, std::string title, std::string body);
  /// Checks that the user may push and that pull requests are enabled; returns a sentence saying so. Throws Refused if not.
  Task<std::string> check();

 private:
  io::HttpRequest request(const std::string& method, const std::string& target, std::string body) const;
  Task<std::string> ask(std::string method, std::string target, std::string body);
  Task<std::optional<PullRequest>> find(const std::string& head, const std::string& base);
  Task<std::optional<PullRequest>> make(const std::string& head, const std::string& base, const std::string& title,
                                        const std::string& body);

  io::HttpClient& http_;
  PullRequestOptions options_;
};

}  // namespace slipway::git

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

/// The options for a repository's address, `<base>/<organisation>/<name>.git`; `api_url` empty: `<base>/api/v1`.
/// Without access.
PullRequestOptions pull_request_options(const std::string& repository_url, const std::string& api_url);

struct PullRequest {
  PullRequest() = default;
  std::int64_t number = 0;
  std::string url;  ///< for a browser
  std::string title, body;
};

/// Pull requests within one repository by Gitea's API (routers/api/v1/repo/pull.go; Forgejo's is the same). Throws
/// Unavailable where the server can not be reached, is busy or broken, Refused with its own words where it says no.
/// Used on the loop.
class PullRequests {
 public:
  PullRequests(io::HttpClient& http, PullRequestOptions options) : http_(http), options_(std::move(options)) {}

  /// The open pull request from branch `head` to branch `base`: made where there is none, else given this title and
  /// body.
  Task<PullRequest> ensure(std::string head, std::string base, std::string title, std::string body);
  /// Whether the user may push and make pull requests: what the server says, in a sentence. Throws Refused where not.
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

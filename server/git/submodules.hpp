#pragma once

#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"

namespace slipway::git {

// Submodules: reading .gitmodules, and finding the repository on the configured server. Pure.

/// An entry in a tree that refers to a commit of another repository.
struct Submodule {
  Submodule() = default;
  Submodule(std::string where, CommitSha which) : path(std::move(where)), commit(std::move(which)) {}
  std::string path;
  CommitSha commit;
  bool operator==(const Submodule&) const = default;
};

/// The url of the section whose path is `path`, as written; an error if there is none (gitmodules(5), git-config(1)).
Result<std::string> submodule_url(const std::string& gitmodules, const std::string& path);

/// The repository that a submodule of `parent` refers to by `url`: relative to `parent`, or on the server at `base_url`, whatever
/// the scheme. An error for any other server: credentials and trust apply only to the configured one.
Result<RepoName> submodule_repository(const std::string& base_url, const RepoName& parent, const std::string& url);

}  // namespace slipway::git

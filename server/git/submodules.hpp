#pragma once

#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"

namespace slipway::git {

// Submodules: what .gitmodules says of them, and which repository of the configured server that is. Pure.

/// A place in a tree that names a commit of another repository.
struct Submodule {
  Submodule() = default;
  Submodule(std::string where, CommitSha which) : path(std::move(where)), commit(std::move(which)) {}
  std::string path;
  CommitSha commit;
  bool operator==(const Submodule&) const = default;
};

/// The url of the section whose path is `path`, as written; an error where there is none (gitmodules(5), git-config(1)).
Result<std::string> submodule_url(const std::string& gitmodules, const std::string& path);

/// The repository that `url` of a submodule in `parent` means: relative to it, or on the server at `base_url` by whatever scheme
/// it is written. An error for every other server: credentials and trust are the configured one's.
Result<RepoName> submodule_repository(const std::string& base_url, const RepoName& parent, const std::string& url);

}  // namespace slipway::git

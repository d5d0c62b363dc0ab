#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "git/address.hpp"
#include "git/remote.hpp"
#include "model/settings.hpp"

namespace slipway::git {

/// Signs a commit's text and returns the armoured signature; throws Unavailable or Refused. On the pool.
using SignCommit = std::function<std::string(const std::string& commit)>;

struct InfraOptions {
  InfraOptions() = default;
  std::string url;
  std::string branch = "main";
  std::filesystem::path mirror;  ///< folder of the bare mirror; a cache, made anew where it is broken
  Access access;
  Identity author, committer;
  SignCommit sign;  ///< unset: unsigned
};

/// The infra repository's branch by libgit2, without a work tree. Its work runs on a thread of its own, one operation at a time.
std::unique_ptr<GitRemote> open_infra(InfraOptions options, Log log);

}  // namespace slipway::git

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "support/git_server.hpp"

namespace slipway::test {

/// A push whose every byte is there beforehand: what is measured when it is sent is the server's own share.
struct PreparedPush {
  CommitSha from, to;
  std::string request;  ///< body of the POST to git-receive-pack: the command, and the pack
};

/// `count` pushes of one commit each, in order, for the branch main of a repository that is at `repository`'s head. Each commit
/// changes one line of `file`. The repository itself stays as it is.
std::vector<PreparedPush> prepare_pushes(const GitRepository& repository, const std::string& file, int count);

/// Sends info/refs and the push over one new connection, in one piece each. Throws where the server does not take it.
void send(const PreparedPush& push, const GitServer& server, const std::string& name);

}  // namespace slipway::test

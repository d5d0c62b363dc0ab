#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "git/remote.hpp"
#include "io/task.hpp"

namespace slipway::run {

struct HandOffTools;

/// The infra repository as a batch sees it: the files at one head, with the commits put on top so far.
class Ground {
 public:
  Ground(HandOffTools& tools, CommitSha head) : tools_(tools), head_(std::move(head)) {}
  /// The file's bytes; nothing where it is missing. Refused for what is no plain file inside the repository.
  Task<std::optional<std::string>> read(std::string file);
  void apply(const git::NewCommit& commit);

 private:
  HandOffTools& tools_;
  CommitSha head_;
  std::map<std::string, std::optional<std::string>> files_;
};

}  // namespace slipway::run

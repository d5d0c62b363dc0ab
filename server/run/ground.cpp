#include "run/ground.hpp"

#include "run/hand_off.hpp"

namespace slipway::run {

Task<std::optional<std::string>> Ground::read(std::string file) {
  const auto known = files_.find(file);
  if (known != files_.end()) co_return known->second;
  auto bytes = co_await tools_.infra.read(head_, file);
  files_[file] = bytes;
  co_return bytes;
}

void Ground::apply(const git::NewCommit& commit) {
  for (const auto& [file, bytes] : commit.files) files_[file] = bytes;
}

}  // namespace slipway::run

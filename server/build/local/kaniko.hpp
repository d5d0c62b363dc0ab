#pragma once

#include "build/local/builder.hpp"

namespace slipway::build {

/// kaniko's executor: builds and pushes in one command. It unpacks the base image over its own root file system, so `program` must
/// run it in a separate one (its official image). No secret mounts, and only one platform.
class Kaniko final : public Builder {
 public:
  explicit Kaniko(std::string program) : program_(std::move(program)) {}
  Result<Commands> build(const ImageBuild& image) const override;
  /// DOCKER_CONFIG: the folder of the run's own Docker config.
  std::vector<std::string> environment(const ImageBuild& image) const override;

 private:
  std::string program_;
};

}  // namespace slipway::build

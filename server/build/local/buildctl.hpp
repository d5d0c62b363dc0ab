#pragma once

#include "build/local/builder.hpp"

namespace slipway::build {

/// BuildKit's `buildctl`: sends context and Dockerfile to a buildkitd (BUILDKIT_HOST, or `--addr` in the settings' extra
/// arguments), which builds and pushes.
class Buildctl final : public Builder {
 public:
  explicit Buildctl(std::string program) : program_(std::move(program)) {}
  Result<Commands> build(const ImageBuild& image) const override;
  std::vector<std::string> environment(const ImageBuild& image) const override;

 private:
  std::string program_;
};

}  // namespace slipway::build

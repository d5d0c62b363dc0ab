#include "build/local/builder.hpp"

#include "build/local/buildah.hpp"
#include "build/local/buildctl.hpp"
#include "build/local/kaniko.hpp"

namespace slipway::build {

Argv Builder::push(const ImageBuild&, const std::string&) const { return {}; }

std::filesystem::path Builder::image_id_file(const ImageBuild&) const { return {}; }

std::unique_ptr<Builder> make_builder(BuilderKind kind, const std::string& program) {
  const auto named = [&](const char* own) { return program.empty() ? std::string(own) : program; };
  switch (kind) {
    case BuilderKind::kaniko: return std::make_unique<Kaniko>(named("/kaniko/executor"));
    case BuilderKind::buildctl: return std::make_unique<Buildctl>(named("buildctl"));
    case BuilderKind::buildah: break;
  }
  return std::make_unique<Buildah>(named("buildah"));
}

}  // namespace slipway::build

#include "build/local/builder.hpp"

#include "build/local/buildah.hpp"
#include "build/local/buildctl.hpp"
#include "build/local/kaniko.hpp"

namespace slipway::build {

Argv Builder::push(const ImageBuild&, const std::string&) const { return {}; }

std::filesystem::path Builder::image_id_file(const ImageBuild&) const { return {}; }

std::unique_ptr<Builder> make_builder(const BuilderSettings& settings) {
  const auto program = builder_program(settings);
  switch (settings.kind) {
    case BuilderKind::kaniko: return std::make_unique<Kaniko>(program);
    case BuilderKind::buildctl: return std::make_unique<Buildctl>(program);
    case BuilderKind::buildah: break;
  }
  return std::make_unique<Buildah>(program);
}

std::string builder_program(const BuilderSettings& settings) {
  if (!settings.program.empty()) return settings.program;
  if (settings.kind == BuilderKind::kaniko) return "/kaniko/executor";
  return settings.kind == BuilderKind::buildctl ? "buildctl" : "buildah";
}

std::string buildah_program(const BuilderSettings& settings) {
  return settings.kind == BuilderKind::buildah ? builder_program(settings) : "buildah";
}

}  // namespace slipway::build

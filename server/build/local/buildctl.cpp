#include "build/local/buildctl.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace slipway::build {

Result<Commands> Buildctl::build(const ImageBuild& image) const {
  Argv argv{program_};
  // Global options such as --addr go before the command.
  argv.insert(argv.end(), image.extra.begin(), image.extra.end());
  const auto add = [&](std::initializer_list<std::string> words) { argv.insert(argv.end(), words); };
  const auto option = [&](const std::string& text) { add({"--opt", text}); };
  add({"build", "--progress=plain", "--frontend=dockerfile.v0", "--local", "context=" + image.context.string(), "--local",
       "dockerfile=" + image.dockerfile.parent_path().string()});
  option("filename=" + image.dockerfile.filename().string());
  if (!image.target.empty()) option("target=" + image.target);
  option(fmt::format("build-arg:SOURCE_DATE_EPOCH={}", image.epoch));
  for (const auto& [key, value] : image.arguments) option("build-arg:" + key + "=" + value);
  for (const auto& [key, value] : image.labels) option("label:" + key + "=" + value);
  if (!image.platforms.empty()) option(fmt::format("platform={}", fmt::join(image.platforms, ",")));
  if (image.cache == CacheKind::none) add({"--no-cache"});
  for (const auto& secret : image.secrets) add({"--secret", "id=" + secret.id + ",src=" + secret.file});
  const std::string insecure = image.insecure ? ",registry.insecure=true" : "";
  if (image.cache == CacheKind::registry) {
    add({"--import-cache", "type=registry,ref=" + image.cache_image + insecure});
    add({"--export-cache", "type=registry,mode=max,ref=" + image.cache_image + insecure});
  }
  add({"--output", "type=image,name=" + image.reference() + ",push=true,rewrite-timestamp=true" + insecure});
  add({"--metadata-file", (image.out / "metadata.json").string()});
  return Commands{std::move(argv)};
}

std::vector<std::string> Buildctl::environment(const ImageBuild& image) const {
  std::vector<std::string> environment;
  if (!image.auth_file.empty()) environment.push_back("DOCKER_CONFIG=" + image.auth_file.parent_path().string());
  if (const char* host = std::getenv("BUILDKIT_HOST"); host != nullptr) {
    environment.push_back(std::string("BUILDKIT_HOST=") + host);
  }
  return environment;
}

}  // namespace slipway::build

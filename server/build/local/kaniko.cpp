#include "build/local/kaniko.hpp"

#include <fmt/format.h>

namespace slipway::build {

Result<Commands> Kaniko::build(const ImageBuild& image) const {
  if (!image.secrets.empty()) return Error("kaniko cannot mount secrets into a build: use buildah or buildctl");
  if (image.platforms.size() > 1) return Error("kaniko builds one platform at a time");
  Argv argv;
  if (image.data_limit) argv = {"prlimit", fmt::format("--data={}", *image.data_limit), "--"};
  const Argv always{program_,
            "--context=dir://" + image.context.string(),
            "--dockerfile=" + image.dockerfile.string(),
            "--destination=" + image.reference(),
            "--digest-file=" + (image.out / "digest").string(),
            "--reproducible"};
  argv.insert(argv.end(), always.begin(), always.end());
  if (!image.target.empty()) argv.push_back("--target=" + image.target);
  for (const auto& [key, value] : image.arguments) argv.push_back("--build-arg=" + key + "=" + value);
  for (const auto& [key, value] : image.labels) argv.push_back("--label=" + key + "=" + value);
  for (const auto& platform : image.platforms) argv.push_back("--custom-platform=" + platform);
  if (image.cache == CacheKind::registry) {
    argv.push_back("--cache=true");
    argv.push_back("--cache-repo=" + image.cache_image);
  }
  if (image.insecure) {
    const auto host = image.image.substr(0, image.image.find('/'));
    argv.push_back("--insecure-registry=" + host);
    argv.push_back("--skip-tls-verify-registry=" + host);
  }
  argv.insert(argv.end(), image.extra.begin(), image.extra.end());
  return Commands{std::move(argv)};
}

std::vector<std::string> Kaniko::environment(const ImageBuild& image) const {
  std::vector<std::string> environment{fmt::format("SOURCE_DATE_EPOCH={}", image.epoch)};
  if (!image.auth_file.empty()) environment.push_back("DOCKER_CONFIG=" + image.auth_file.parent_path().string());
  return environment;
}

}  // namespace slipway::build

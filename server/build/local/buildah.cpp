#include "build/local/buildah.hpp"

#include <fmt/format.h>

namespace slipway::build {

namespace {

void append(Argv& argv, std::initializer_list<std::string> words) { argv.insert(argv.end(), words); }

/// Options common to checks and builds. They use the host's network, so that they can reach the package registries they need.
void append_isolation(Argv& argv, const Store& store) {
  append(argv, {"--isolation", store.isolation, "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT"});
}

void append_limit(Argv& argv, std::optional<std::uint64_t> data) {
  if (data) append(argv, {"--ulimit", fmt::format("data={0}:{0}", *data)});
}

}  // namespace

Argv Buildah::base(const Store& store) const {
  return {program_, "--root", store.root.string(), "--runroot", store.runroot.string(), "--storage-driver", store.driver};
}

Result<Commands> Buildah::build(const ImageBuild& image) const {
  if (image.platforms.empty()) return Commands{build_one(image, std::string())};
  // One by one: if given several at once, buildah lists them in the order they finish, so the digest would vary.
  Commands commands;
  for (const auto& platform : image.platforms) commands.push_back(build_one(image, platform));
  return commands;
}

Argv Buildah::build_one(const ImageBuild& image, const std::string& platform) const {
  Argv argv = base(image.store);
  append(argv, {"bud"});
  append_isolation(argv, image.store);
  append_limit(argv, image.data_limit);
  append(argv, {"--format", "oci", "--force-rm"});
  if (image.cache == CacheKind::none) append(argv, {"--no-cache"});
  else append(argv, {"--layers"});
  if (image.cache == CacheKind::registry) append(argv, {"--cache-from", image.cache_image, "--cache-to", image.cache_image});
  if (!image.auth_file.empty()) append(argv, {"--authfile", image.auth_file.string()});
  append(argv, {"--timestamp", std::to_string(image.epoch)});
  for (const auto& [key, value] : image.labels) append(argv, {"--label", key + "=" + value});
  for (const auto& [key, value] : image.arguments) append(argv, {"--build-arg", key + "=" + value});
  if (!image.target.empty()) append(argv, {"--target", image.target});
  if (!platform.empty()) append(argv, {"--platform", platform});
  for (const auto& secret : image.secrets) append(argv, {"--secret", "id=" + secret.id + ",src=" + secret.file});
  for (const auto& mount : image.mounts) append(argv, {"--volume", mount});
  argv.insert(argv.end(), image.extra.begin(), image.extra.end());
  const auto id_file = image_id_file(image);
  if (id_file.empty()) append(argv, {"--manifest", image.list});
  else append(argv, {"--iidfile", id_file.string()});
  append(argv, {"--file", image.dockerfile.string(), image.context.string()});
  return argv;
}

std::filesystem::path Buildah::image_id_file(const ImageBuild& image) const {
  return image.platforms.size() > 1 ? std::filesystem::path() : image.out / "image-id";
}

Argv Buildah::push(const ImageBuild& image, const std::string& image_id) const {
  Argv argv = base(image.store);
  const bool list = image.platforms.size() > 1;
  if (list) append(argv, {"manifest", "push", "--all", "--rm", "--quiet"});
  else append(argv, {"push", "--quiet", "--format", "oci"});
  if (!image.auth_file.empty()) append(argv, {"--authfile", image.auth_file.string()});
  if (image.insecure) append(argv, {"--tls-verify=false"});
  append(argv, {list ? image.list : image_id, "docker://" + image.reference()});
  return argv;
}

std::vector<std::string> Buildah::environment(const ImageBuild& image) const {
  return {fmt::format("SOURCE_DATE_EPOCH={}", image.epoch)};
}

Argv Buildah::from(const Store& store, const std::string& name, const std::string& image,
                   const std::filesystem::path& auth_file, std::optional<std::uint64_t> data_limit) const {
  Argv argv = base(store);
  append(argv, {"from", "--isolation", store.isolation, "--name", name});
  append_limit(argv, data_limit);
  if (!auth_file.empty()) append(argv, {"--authfile", auth_file.string()});
  append(argv, {image});
  return argv;
}

Argv Buildah::run(const Store& store, const ContainerRun& run) const {
  Argv argv = base(store);
  append(argv, {"run"});
  append_isolation(argv, store);
  // As root in the container, whatever the image's user, so that caches and reports have one owner.
  append(argv, {"--user", "0:0", "--workingdir", run.directory});
  for (const auto& volume : run.volumes) append(argv, {"--volume", volume});
  for (const auto& [key, value] : run.environment) append(argv, {"--env", key + "=" + value});
  append(argv, {run.container, "--"});
  argv.insert(argv.end(), run.command.begin(), run.command.end());
  return argv;
}

Argv Buildah::remove_containers(const Store& store) const {
  Argv argv = base(store);
  append(argv, {"rm", "--all"});
  return argv;
}

Argv Buildah::remove_list(const Store& store, const std::string& list) const {
  Argv argv = base(store);
  append(argv, {"manifest", "rm", list});
  return argv;
}

Argv Buildah::remove_images(const Store& store, const std::vector<std::string>& ids) const {
  Argv argv = base(store);
  append(argv, {"rmi"});
  argv.insert(argv.end(), ids.begin(), ids.end());
  return argv;
}

Argv Buildah::prune(const Store& store) const {
  Argv argv = base(store);
  append(argv, {"rmi", "--prune", "--force"});
  return argv;
}

Argv Buildah::info(const Store& store) const {
  Argv argv = base(store);
  append(argv, {"info"});
  return argv;
}

std::string registries_conf(const std::string& present, const std::string& insecure_host) {
  return fmt::format("{}\n[[registry]]\nprefix = \"{}\"\nlocation = \"{}\"\ninsecure = true\n", present, insecure_host,
                     insecure_host);
}

}  // namespace slipway::build

#pragma once

#include "build/local/builder.hpp"

namespace slipway::build {

/// A command to run in a working container, with mounted folders; used for checks.
struct ContainerRun {
  ContainerRun() = default;
  std::string container;
  std::vector<std::string> command;
  std::string directory;             ///< in the container
  std::vector<std::string> volumes;  ///< host:container[:ro]
  std::vector<std::pair<std::string, std::string>> environment;
};

/// buildah (1.28 and later): builds without a container engine, as root or rootless. Builds and checks run without CAP_MKNOD and
/// CAP_SYS_CHROOT, with which root in a chroot could reach the machine's disks and files.
class Buildah final : public Builder {
 public:
  explicit Buildah(std::string program) : program_(std::move(program)) {}

  Result<Commands> build(const ImageBuild& image) const override;
  Argv push(const ImageBuild& image, const std::string& image_id) const override;
  std::filesystem::path image_id_file(const ImageBuild& image) const override;
  std::vector<std::string> environment(const ImageBuild& image) const override;

  /// Creates a working container `name` from an image, pulled if missing or outdated.
  Argv from(const Store& store, const std::string& name, const std::string& image, const std::filesystem::path& auth_file,
            std::optional<std::uint64_t> data_limit = std::nullopt) const;
  Argv run(const Store& store, const ContainerRun& run) const;
  /// Removes every working container of the store.
  Argv remove_containers(const Store& store) const;
  /// Removes a multi-platform manifest list that was not pushed; otherwise a later build would add to it.
  Argv remove_list(const Store& store, const std::string& list) const;
  Argv remove_images(const Store& store, const std::vector<std::string>& ids) const;
  /// Removes unnamed images: the layer cache, except for layers that tagged images need.
  Argv prune(const Store& store) const;
  /// Fails if the store cannot be used with its driver.
  Argv info(const Store& store) const;

 private:
  Argv base(const Store& store) const;
  /// The build for one platform; empty: the machine's own.
  Argv build_one(const ImageBuild& image, const std::string& platform) const;
  std::string program_;
};

/// A containers-registries.conf(5): `present` plus an entry that allows one host without TLS. Needed because a build pulls
/// from several hosts, and `--tls-verify=false` would apply to all of them.
std::string registries_conf(const std::string& present, const std::string& insecure_host);

}  // namespace slipway::build

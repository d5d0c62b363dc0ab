#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/settings.hpp"
#include "model/template.hpp"

namespace slipway::build {

using Argv = std::vector<std::string>;
/// Commands to be run one after the other.
using Commands = std::vector<Argv>;

/// Where buildah keeps layers and working containers; one owner at a time.
struct Store {
  Store() = default;
  std::filesystem::path root, runroot;
  std::string driver;     ///< `overlay` or `vfs`
  std::string isolation;  ///< `chroot`, `oci` or `rootless`
};

/// One image to be built and pushed: what the three builders need, nothing left to look up.
struct ImageBuild {
  ImageBuild() = default;
  std::string image, tag;              ///< host/prefix/name and tag
  std::filesystem::path context;       ///< absolute
  std::filesystem::path dockerfile;    ///< absolute, inside the checked-out tree
  std::string target;
  std::vector<std::pair<std::string, std::string>> arguments, labels;
  std::vector<std::string> platforms;
  std::string list;                    ///< what the list of several platforms' images is called in buildah's store
  std::vector<SecretMount> secrets;
  std::vector<std::string> mounts;     ///< host:container[:ro]
  std::int64_t epoch = 0;              ///< SOURCE_DATE_EPOCH
  std::optional<std::uint64_t> data_limit;  ///< bytes of data that each process may have, where nothing else limits memory
  std::filesystem::path auth_file;     ///< Docker config of this registry alone; empty where there is none
  bool insecure = false;               ///< the image's registry: plain HTTP or unverified TLS
  CacheKind cache = CacheKind::local;
  std::string cache_image;             ///< host/prefix/name that layers are cached in, for CacheKind::registry
  std::filesystem::path out;           ///< the run's own folder, for image id and digest
  std::vector<std::string> extra;      ///< of the settings: behind the builder's own options
  Store store;

  std::string reference() const { return image + ":" + tag; }
};

/// Turns an ImageBuild into argument lists. Pure; what it can not express is an error.
class Builder {
 public:
  virtual ~Builder() = default;
  /// What builds the image, at least one command; it also pushes it unless push() has one of its own.
  virtual Result<Commands> build(const ImageBuild& image) const = 0;
  /// The command that pushes what build() made; empty where that has happened.
  virtual Argv push(const ImageBuild& image, const std::string& image_id) const;
  /// Where build() has the image's id written; empty where it does not.
  virtual std::filesystem::path image_id_file(const ImageBuild& image) const;
  /// Environment beside the run's own, `NAME=value`.
  virtual std::vector<std::string> environment(const ImageBuild& image) const = 0;
};

std::unique_ptr<Builder> make_builder(const BuilderSettings& settings);

/// The builder's program: as the settings name it, else its own name.
std::string builder_program(const BuilderSettings& settings);
/// The buildah that runs checks, whichever builder builds.
std::string buildah_program(const BuilderSettings& settings);

}  // namespace slipway::build

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
/// Commands to run in sequence.
using Commands = std::vector<Argv>;

/// buildah's storage for layers and working containers; one owner at a time.
struct Store {
  Store() = default;
  std::filesystem::path root, runroot;
  std::string driver;     ///< `overlay` or `vfs`
  std::string isolation;  ///< `chroot`, `oci` or `rootless`
};

/// One image to build and push: everything any builder needs, fully resolved.
struct ImageBuild {
  ImageBuild() = default;
  std::string image, tag;              ///< host/prefix/name and tag
  std::filesystem::path context;       ///< absolute
  std::filesystem::path dockerfile;    ///< absolute, inside the checked-out tree
  std::string target;
  std::vector<std::pair<std::string, std::string>> arguments, labels;
  std::vector<std::string> platforms;
  std::string list;                    ///< name of the multi-platform manifest list in buildah's store
  std::vector<SecretMount> secrets;
  std::vector<std::string> mounts;     ///< host:container[:ro]
  std::int64_t epoch = 0;              ///< SOURCE_DATE_EPOCH
  std::optional<std::uint64_t> data_limit;  ///< RLIMIT_DATA per process in bytes, if nothing else limits memory
  std::filesystem::path auth_file;     ///< Docker config with only this registry; empty: none
  bool insecure = false;               ///< plain HTTP or unverified TLS for the image's registry
  CacheKind cache = CacheKind::local;
  std::string cache_image;             ///< host/prefix/name for cached layers, with CacheKind::registry
  std::filesystem::path out;           ///< the run's own folder, for image id and digest
  std::vector<std::string> extra;      ///< extra arguments from the settings
  Store store;

  std::string reference() const { return image + ":" + tag; }
};

/// Turns an ImageBuild into command lines. Pure; an error if the builder cannot do what is asked.
class Builder {
 public:
  virtual ~Builder() = default;
  /// The commands, at least one, that build the image, and also push it if push() is empty.
  virtual Result<Commands> build(const ImageBuild& image) const = 0;
  /// The command that pushes what build() made; empty if build() already pushes.
  virtual Argv push(const ImageBuild& image, const std::string& image_id) const;
  /// The file to which build() writes the image's id; empty if it does not.
  virtual std::filesystem::path image_id_file(const ImageBuild& image) const;
  /// Environment variables in addition to the run's, as `NAME=value`.
  virtual std::vector<std::string> environment(const ImageBuild& image) const = 0;
};

std::unique_ptr<Builder> make_builder(const BuilderSettings& settings);

/// The builder's program: from the settings, else its default name.
std::string builder_program(const BuilderSettings& settings);
/// The buildah that runs checks, whatever the builder.
std::string buildah_program(const BuilderSettings& settings);

}  // namespace slipway::build

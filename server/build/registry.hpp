#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "io/task.hpp"

namespace slipway::build {

/// What a registry serves under a tag.
struct Manifest {
  Manifest() = default;
  Digest digest;                              ///< of the bytes served: Docker-Content-Digest
  std::string media_type;
  std::map<std::string, std::string> labels;  ///< of the image's configuration
};

/// The OCI registry that images are pushed to (distribution-spec 1.1). `image` is host/prefix/name without a tag. Throws
/// Unavailable when it can not be reached or is out of order, Refused when it says no (its own words in the message).
/// Used on the loop.
class Registry {
 public:
  virtual ~Registry() = default;

  /// What `tag` (or a digest) names; nothing where there is no such image.
  virtual Task<std::optional<Manifest>> find(const std::string& image, const std::string& tag) = 0;

  /// Lets `tag` name the manifest `digest` of the same image: how `latest` moves at the hand-off.
  virtual Task<> tag(const std::string& image, const Digest& digest, const std::string& tag) = 0;

  /// Asks for `/v2/` with the credentials: returns where the registry is there and accepts them.
  virtual Task<> login() = 0;
};

}  // namespace slipway::build

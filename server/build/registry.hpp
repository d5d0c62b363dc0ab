#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "io/task.hpp"

namespace slipway::build {

/// The manifest that a registry serves under a tag.
struct Manifest {
  Manifest() = default;
  Digest digest;                              ///< of the bytes served: Docker-Content-Digest
  std::string media_type;
  std::map<std::string, std::string> labels;  ///< of the image's configuration
};

/// The OCI registry that images are pushed to (distribution-spec 1.1). `image` is host/prefix/name without a tag. Throws
/// Unavailable if it cannot be reached or is broken, Refused, with its own words, for a definite no. Used on the loop.
class Registry {
 public:
  virtual ~Registry() = default;

  /// The manifest under a tag or digest; nothing if there is none.
  virtual Task<std::optional<Manifest>> find(const std::string& image, const std::string& tag) = 0;

  /// Points `tag` at the manifest `digest` of the same image, to move `latest` at the hand-off.
  virtual Task<> tag(const std::string& image, const Digest& digest, const std::string& tag) = 0;

  /// Requests `/v2/` with the credentials; returns if the registry is up and accepts them.
  virtual Task<> login() = 0;
};

}  // namespace slipway::build

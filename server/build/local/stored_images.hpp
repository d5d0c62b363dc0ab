#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "build/local/builder.hpp"

namespace slipway::build {

// Every step of a build with layers leaves an image in the store, so that later builds can reuse the step; each build reads all of
// these images. So images that no recent build needed are removed.

/// The id of the image that was reused, according to this line of buildah's output; empty if the line does not say so.
std::string used_image(std::string_view line);

/// A file that lists the images used by a slot's latest builds: one line per build, the latest last.
class UsedImages {
 public:
  explicit UsedImages(std::filesystem::path file) : file_(std::move(file)) {}
  /// Image ids of all listed builds; empty if there is no file. Does not throw.
  std::set<std::string> all() const;
  /// Adds a build, dropping all but the latest fifty. Throws Unavailable.
  void add(const std::vector<std::string>& images) const;

 private:
  std::vector<std::string> builds() const;
  std::filesystem::path file_;
};

/// Ids of up to `at_most` images to remove, oldest first: unnamed, not among the `newest` in the store, not in `used`, and whose layer
/// none of the images that stay is based on. Reads the records of containers/storage; none if they cannot be read. Blocking.
std::vector<std::string> superfluous_images(const Store& store, const std::set<std::string>& used, std::size_t newest, std::size_t at_most);

}  // namespace slipway::build

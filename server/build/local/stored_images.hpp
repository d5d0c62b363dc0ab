#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "build/local/builder.hpp"

namespace slipway::build {

// Every step of a build with layers leaves an image in the store, by which a later build finds that it has made this step before; it
// looks at all of them each time. So those go that no build has needed for long.

/// The image that a line of buildah's output says was used instead of making it again; empty where it says nothing of the kind.
std::string used_image(std::string_view line);

/// Which images the latest builds of one slot have used, in a file: a line for each build, the latest last.
class UsedImages {
 public:
  explicit UsedImages(std::filesystem::path file) : file_(std::move(file)) {}
  /// Of the latest builds; empty where there is no file. Throws nothing.
  std::set<std::string> all() const;
  /// Adds a build, and forgets the oldest beyond the latest fifty. Throws Unavailable.
  void add(const std::vector<std::string>& images) const;

 private:
  std::vector<std::string> builds() const;
  std::filesystem::path file_;
};

/// Ids of images that may go, at most `at_most`, the oldest first: without a name, not among the `newest` of the store, not used, and
/// without a layer that one of these is made of. Reads the records of containers/storage; nothing where they can not be read.
std::vector<std::string> superfluous_images(const Store& store, const std::set<std::string>& used, std::size_t newest, std::size_t at_most);

}  // namespace slipway::build

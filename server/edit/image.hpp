#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "edit/edit.hpp"

// What the hand-off needs to know about container images in values files, beyond plain paths.

namespace slipway::edit {

/// The image declared beside a tag, compared with another image.
struct ImageComparison {
  enum class Verdict {
    nothing_declared,  ///< no repository beside the tag, or one filled in by a template: nothing to compare
    same,
    different,
  };
  Verdict verdict = Verdict::nothing_declared;
  std::string declared;  ///< as written in the file, registry and repository joined
  std::string expected;  ///< the image compared with, without tag and digest
  Position where;        ///< of the repository's value
  std::string pinned;    ///< the digest beside the tag, which overrides the tag
  std::string taker;     ///< who uses the digest: `Kustomize` or `a chart`
  Position pinned_at;
  /// One sentence for the log: what the file declares and what was expected.
  std::string text() const;
  /// The same for the digest.
  std::string pinned_text() const;
};

/// Compares `image` (`[host[:port]/]path[:tag][@digest]`) with what the file declares beside the value at `tag_path`:
/// `repository` (with `registry`), or in a Kustomize `images:` entry `newName`, else `name`. Hosts are ignored on both
/// sides, and values filled in by a template or parameter are not compared. An error only if the document cannot be
/// parsed, the path is ambiguous, or a key beside the tag occurs twice.
Result<ImageComparison> compare_image(std::string_view document, const Path& tag_path, std::string_view image,
                                      const Options& options = Options());

}  // namespace slipway::edit

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "edit/edit.hpp"

// What the hand-off knows about container images in values files, on top of plain paths.

namespace slipway::edit {

/// What stands beside a tag, compared with an image.
struct ImageComparison {
  enum class Verdict {
    nothing_declared,  ///< no repository beside the tag, or one that a template fills in: nothing to compare
    same,
    different,
  };
  Verdict verdict = Verdict::nothing_declared;
  std::string declared;  ///< as the file has it, registry and repository joined
  std::string expected;  ///< the image it was compared with, without tag and digest
  Position where;        ///< of the repository's value
  std::string pinned;    ///< the digest beside the tag, which counts instead of it
  std::string taker;     ///< … for whom: `Kustomize`, or `a chart`
  Position pinned_at;
  /// The sentence for the log: what the file declares and what was expected.
  std::string text() const;
  /// The same for the digest.
  std::string pinned_text() const;
};

/// Compares `image` (`[host[:port]/]path[:tag][@digest]`) with what the file declares beside the value at `tag_path`:
/// `repository` (with `registry`), or in a Kustomize `images:` entry `newName`, else `name`. Hosts are left out on both
/// sides; what a template or a parameter fills in is not compared. An error only where the document can not be read, the
/// path is ambiguous, or a key beside the tag stands twice.
Result<ImageComparison> compare_image(std::string_view document, const Path& tag_path, std::string_view image,
                                      const Options& options = Options());

}  // namespace slipway::edit

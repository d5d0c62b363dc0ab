#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cel/misspelling.hpp"
#include "cel/plan.hpp"

namespace slipway::cel {

/// The paths named by the commits of one body, as shown in explanations. When twenty filters refuse a push, they mostly
/// do so because of the same paths, so these are collected and put into words once. Refers to the body; not thread-safe.
class PathEvidence {
 public:
  struct Folder {
    std::string_view text;
    Letters letters;
  };
  struct Paths {
    std::vector<std::string_view> all;  ///< distinct, in the order of the push
    std::string shown;                  ///< the first path and how many more there are
    /// The distinct folders at that depth (≥ 1) that contain the paths.
    const std::vector<Folder>& folders(std::ptrdiff_t depth);

   private:
    std::map<std::ptrdiff_t, std::vector<Folder>> folders_;
  };

  /// The paths relevant to the question, if already collected; else null.
  Paths* find(const PathQuestion& question) noexcept;
  /// Collects the paths in the question's fields of the commits in `list`.
  Paths& collect(const PathQuestion& question, const Value& list);

 private:
  struct Known {
    std::string source;
    Paths paths;
  };
  std::vector<std::unique_ptr<Known>> known_;
};

/// The distinct names, in order of first appearance.
std::vector<std::string> distinct(const std::vector<std::string>& names);

/// Identifies where the question's paths come from; see PathQuestion::source.
std::string paths_source(const PathQuestion& question);

/// The folders whose contents the question asks for.
std::vector<PathQuestion::Folder> folders_asked(const PathQuestion& question);

/// ` paths in added and modified of body.commits begins with 'services/'`: what the question asks, in words.
std::string asked(const PathQuestion& question, std::string_view list);

/// `; did you mean …` if a folder in the push is close to one of the prefixes asked for; else empty.
std::string misspelt(const PathQuestion& question, PathEvidence::Paths& paths);

}  // namespace slipway::cel

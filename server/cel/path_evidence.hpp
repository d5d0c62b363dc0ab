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

/// The paths that the commits of one body name, as explanations show them. Twenty filters that refuse one push mostly refuse it for
/// the same paths: these are collected, and put in words, once. Refers to the body; one thread.
class PathEvidence {
 public:
  struct Folder {
    std::string_view text;
    Letters letters;
  };
  struct Paths {
    std::vector<std::string_view> all;  ///< each once, in the order of the push
    std::string shown;                  ///< the first, and how many more: a push names the others itself
    /// The folders so many levels deep in which they lie, each once. From 1.
    const std::vector<Folder>& folders(std::ptrdiff_t depth);

   private:
    std::map<std::ptrdiff_t, std::vector<Folder>> folders_;
  };

  /// The paths that answer the question, where they are known.
  Paths* find(const PathQuestion& question) noexcept;
  /// Collects them: those in the question's fields of the commits of `list`.
  Paths& collect(const PathQuestion& question, const Value& list);

 private:
  struct Known {
    std::string source;
    Paths paths;
  };
  std::vector<std::unique_ptr<Known>> known_;
};

/// Each name once, in the order of their first.
std::vector<std::string> distinct(const std::vector<std::string>& names);

/// Where the question's paths come from: PathQuestion::source.
std::string paths_source(const PathQuestion& question);

/// The folders whose paths the question asks for.
std::vector<PathQuestion::Folder> folders_asked(const PathQuestion& question);

/// ` paths in added and modified of body.commits begins with 'services/'`: what the question asks, for a person.
std::string asked(const PathQuestion& question, std::string_view list);

/// `; did you mean …`: a folder in the push that is nearly one of the prefixes asked for. Empty where none is.
std::string misspelt(const PathQuestion& question, PathEvidence::Paths& paths);

}  // namespace slipway::cel

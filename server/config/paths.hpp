#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/delivery.hpp"

namespace slipway::config {

/// `Org/name` exactly, `Org/*` for any repository of an organisation, `*/name` for that name in any organisation, `*`
/// for all. Case-sensitive.
class RepositoryPattern {
 public:
  RepositoryPattern() = default;  ///< matches nothing
  /// An error for anything that cannot be a repository name.
  static Result<RepositoryPattern> parse(const std::string& text);
  bool matches(const RepoName& repository) const noexcept;
  bool is_exact() const noexcept { return !organisation_.empty() && !name_.empty(); }
  /// True if some repository matches both.
  bool overlaps(const RepositoryPattern& other) const noexcept;
  const std::string& text() const noexcept { return text_; }
  /// True if it fails to match only because of upper and lower case.
  bool matches_but_for_case(const RepoName& repository) const noexcept;

 private:
  std::string text_;
  std::string organisation_, name_;  ///< empty: any
};

/// One line of `paths`: `services/grading/` (everything below), `pom.xml` (that file, or everything below that folder),
/// or a glob with `*`, `?`, `[…]` (within one folder) and `**` (across folders). A leading `!` excludes. Braces are
/// literal, not alternatives.
class PathRule {
 public:
  static Result<PathRule> parse(const std::string& text);
  bool matches(std::string_view path) const noexcept;
  bool excludes() const noexcept { return excludes_; }
  const std::string& text() const noexcept { return text_; }

 private:
  PathRule() = default;
  std::string text_;     ///< as written
  std::string pattern_;  ///< without `!`
  bool excludes_ = false;
  bool glob_ = false;
};

/// A trigger's path rules: a file counts if the last rule that matches it is not an exclusion. If all rules exclude,
/// every other file counts.
class PathRules {
 public:
  PathRules() = default;
  explicit PathRules(std::vector<PathRule> rules);
  bool empty() const noexcept { return rules_.empty(); }
  bool covers(std::string_view path) const noexcept;
  /// The first added, modified or removed path of the push that counts.
  std::optional<std::string> first_covered(const Push& push) const;
  const std::vector<PathRule>& rules() const noexcept { return rules_; }

 private:
  std::vector<PathRule> rules_;
  bool only_excludes_ = false;
};

}  // namespace slipway::config

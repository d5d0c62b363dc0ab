#include "config/paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace slipway::config {
namespace {

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool is_name(std::string_view part) {
  return !part.empty() && part.find_first_not_of(name_characters) == std::string_view::npos &&
         part.find("..") == std::string_view::npos && part != ".";
}

/// Matches `c` against one `[…]` whose content starts at `at`, and moves `at` past the bracket. Also false if it is not closed.
bool in_set(std::string_view pattern, std::size_t& at, char c) noexcept {
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern[at + 1];
      at += 2;
    }
    found = found || (static_cast<unsigned char>(c) >= static_cast<unsigned char>(low) &&
                      static_cast<unsigned char>(c) <= static_cast<unsigned char>(high));
  }
  if (at == pattern.size()) return false;
  ++at;
  return found != negated;
}

/// Where to resume if the text does not match after a star: that star then takes one more character.
struct Retry {
  std::size_t pattern = std::string_view::npos, text = 0;
  bool whole_names = false;  ///< `**/`: may end only where a name begins
  bool possible() const noexcept { return pattern != std::string_view::npos; }
};

/// Iterative; at most pattern × text steps per kind of star.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0;
  Retry star, deep;
  for (;;) {
    if (pattern.substr(p, 2) == "**") {
      p += 2;
      deep.whole_names = p < pattern.size() && pattern[p] == '/';
      if (deep.whole_names) ++p;  // `a/**/b` also covers `a/b`
      deep.pattern = p;
      deep.text = t;
      star = Retry();
      continue;
    }
    if (p < pattern.size() && pattern[p] == '*') {
      star.pattern = ++p;
      star.text = t;
      continue;
    }
    if (p == pattern.size() && t == text.size()) return true;
    if (p < pattern.size() && t < text.size()) {
      std::size_t next = p + 1;
      const bool one = pattern[p] == '?'   ? text[t] != '/'
                       : pattern[p] == '[' ? text[t] != '/' && in_set(pattern, next, text[t])
                                           : pattern[p] == text[t];
      if (one) {
        p = next;
        ++t;
        continue;
      }
    }
    if (star.possible() && star.text < text.size() && text[star.text] != '/') {
      p = star.pattern;
      t = ++star.text;
    } else if (deep.possible() && deep.text < text.size()) {
      const auto slash = deep.whole_names ? text.find('/', deep.text) : deep.text;
      if (slash == std::string_view::npos) return false;
      p = deep.pattern;
      t = deep.text = slash + 1;
      star = Retry();
    } else {
      return false;
    }
  }
}

bool equal_but_for_case(std::string_view a, std::string_view b) noexcept {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return fold(x) == fold(y); });
}

/// Why the pattern can match no path in Git, where `.`, `..` and the empty string are not valid names.
std::optional<std::string> covers_nothing(std::string_view pattern) {
  for (std::size_t begin = 0; begin < pattern.size();) {
    const auto end = std::min(pattern.find('/', begin), pattern.size());
    const auto name = pattern.substr(begin, end - begin);
    if (name == "." && pattern.size() == 1) return "write `**` for every file";
    if (name.empty()) return "Git has no path with `//` in it";
    if (name == "." || name == "..") return fmt::format("Git has no path with `{}` in it", name);
    begin = end + 1;
  }
  return std::nullopt;
}

/// `{a,b}`, which other programs treat as alternatives. File names may contain braces, but hardly like this.
bool has_alternatives(std::string_view pattern) {
  for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
    if (open > 0 && pattern[open - 1] == '[') continue;  // `[{]` is the brace itself
    const auto stop = pattern.find_first_of(",}", open + 1);
    if (stop != std::string_view::npos && pattern[stop] == ',' && pattern.find('}', stop) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Result<RepositoryPattern> RepositoryPattern::parse(const std::string& text) {
  const auto slash = text.find('/');
  const std::string organisation = text == "*" ? "*" : text.substr(0, slash), name = text == "*" ? "*"
                                                                                     : slash == std::string::npos
                                                                                         ? ""
                                                                                         : text.substr(slash + 1);
  const auto good = [](const std::string& part) { return part == "*" || is_name(part); };
  if (!good(organisation) || !good(name)) {
    return Error(fmt::format("'{}' is no repository: expected Organisation/name, Organisation/*, */name or *",
                             printable(text, 100)));
  }
  RepositoryPattern pattern;
  pattern.text_ = text;
  if (organisation != "*") pattern.organisation_ = organisation;
  if (name != "*") pattern.name_ = name;
  return pattern;
}

bool RepositoryPattern::matches(const RepoName& repository) const noexcept {
  const std::string_view whole = repository.value();
  const auto slash = whole.find('/');
  if (text_.empty() || slash == std::string_view::npos) return false;
  return (organisation_.empty() || whole.substr(0, slash) == organisation_) &&
         (name_.empty() || whole.substr(slash + 1) == name_);
}

bool RepositoryPattern::overlaps(const RepositoryPattern& other) const noexcept {
  const auto same = [](const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; };
  return same(organisation_, other.organisation_) && same(name_, other.name_);
}

bool RepositoryPattern::matches_but_for_case(const RepoName& repository) const noexcept {
  const std::string_view whole = repository.value();
  const auto slash = whole.find('/');
  if (text_.empty() || slash == std::string_view::npos || matches(repository)) return false;
  return (organisation_.empty() || equal_but_for_case(whole.substr(0, slash), organisation_)) &&
         (name_.empty() || equal_but_for_case(whole.substr(slash + 1), name_));
}

Result<PathRule> PathRule::parse(const std::string& text) {
  PathRule rule;
  rule.text_ = text;
  rule.excludes_ = text.starts_with('!');
  rule.pattern_ = text.substr(rule.excludes_ ? 1 : 0);
  if (rule.pattern_.starts_with("./")) rule.pattern_.erase(0, 2);
  if (rule.pattern_.empty()) return Error("an empty path covers nothing: write `**` for every file");
  if (rule.pattern_.starts_with('/')) {
    return Error(
        fmt::format("'{}' begins with a slash: paths are relative to the repository's root", printable(text, 100)));
  }
  if (const auto why = covers_nothing(rule.pattern_)) return Error(fmt::format("'{}' covers nothing: {}", printable(text, 100), *why));
  if (has_alternatives(rule.pattern_)) {
    return Error(fmt::format("'{}' has braces, which stand for themselves here: write a path for each alternative (`[{{]` where a brace is meant)",
                             printable(text, 100)));
  }
  rule.glob_ = rule.pattern_.find_first_of("*?[") != std::string::npos;
  const auto open = rule.pattern_.find('[');
  if (open != std::string::npos && rule.pattern_.find(']', open + 2) == std::string::npos) {
    return Error(fmt::format("'{}' has a [ that is never closed", printable(text, 100)));
  }
  if (rule.glob_ && rule.pattern_.ends_with('/')) rule.pattern_ += "**";
  return rule;
}

bool PathRule::matches(std::string_view path) const noexcept {
  if (glob_) return glob_matches(pattern_, path);
  if (!path.starts_with(pattern_)) return false;
  return pattern_.ends_with('/') || path.size() == pattern_.size() || path[pattern_.size()] == '/';
}

PathRules::PathRules(std::vector<PathRule> rules)
    : rules_(std::move(rules)),
      only_excludes_(std::all_of(rules_.begin(), rules_.end(), [](const PathRule& rule) { return rule.excludes(); })) {}

bool PathRules::covers(std::string_view path) const noexcept {
  bool covered = only_excludes_;
  for (const auto& rule : rules_) {
    if (rule.excludes() == covered && rule.matches(path)) covered = !covered;
  }
  return covered;
}

std::optional<std::string> PathRules::first_covered(const Push& push) const {
  for (const auto& commit : push.commits) {
    for (const auto* files : {&commit.added, &commit.modified, &commit.removed}) {
      for (const auto& file : *files) {
        if (covers(file)) return file;
      }
    }
  }
  return std::nullopt;
}

}  // namespace slipway::config

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace slipway::edit {

/// A key of a mapping.
struct Key {
  std::string name;
  bool operator==(const Key&) const = default;
};

/// An item of a sequence, from 0.
struct Index {
  std::size_t at = 0;
  bool operator==(const Index&) const = default;
};

/// The only item of a sequence of mappings whose own `key` (not one from a merge key) reads `value`: `[name=web]`.
struct Match {
  std::string key;
  std::string value;
  bool operator==(const Match&) const = default;
};

using Step = std::variant<Key, Index, Match>;

/// The path of a value in a file: `a.b`, `.a.b`, `a[0].b`, `a[name=web].b`, `a."key.with.dots"`, `doc[1].a`. A leading
/// `doc[N]` selects the N-th document, from 0; a key that is really called `doc` must be quoted: `"doc"[1]`. In double
/// quotes, `"` and `\` are escaped as `\"` and `\\`; in single quotes, `''` stands for one `'`.
class Path {
 public:
  /// The error's column is the byte of `text` at which parsing stopped.
  static Result<Path> parse(std::string_view text);
  Path() = default;
  explicit Path(std::vector<Step> steps, std::optional<std::size_t> document = std::nullopt)
      : document_(document), steps_(std::move(steps)) {}

  std::optional<std::size_t> document() const noexcept { return document_; }
  const std::vector<Step>& steps() const noexcept { return steps_; }
  /// In canonical notation, quoted only where needed: parse(text()) gives the same path.
  std::string text() const;
  /// This path with its last step replaced by a key: `image.tag` → `image.repository`.
  Path sibling(std::string key) const;
  bool operator==(const Path&) const = default;

 private:
  friend class PathReader;
  std::optional<std::size_t> document_;
  std::vector<Step> steps_;
};

/// The first `count` steps as text, for messages; `document` as in Path.
std::string path_text(std::optional<std::size_t> document, const std::vector<Step>& steps, std::size_t count);

/// One value to write.
struct Assignment {
  Assignment(Path where, std::string text) : path(std::move(where)), value(std::move(text)) {}
  /// Parses `PATH=VALUE`: the value starts after the first `=` outside brackets and quotes; it may be empty or contain `=`.
  static Result<Assignment> parse(std::string_view text);
  Path path;
  std::string value;
};

}  // namespace slipway::edit

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::edit {

/// A node of a document and its exact byte range.
struct Node {
  enum class Kind : std::uint8_t { scalar, alias, sequence, mapping };
  enum class Style : std::uint8_t { empty, plain, single_quoted, double_quoted, literal, folded, block, flow };
  Kind kind = Kind::scalar;
  Style style = Style::empty;
  bool multi_line = false;     ///< a scalar spanning several lines
  bool keep = false;           ///< block scalar with chomping indicator `+`
  bool strip = false;          ///< block scalar with chomping indicator `-`
  bool colon_missing = false;  ///< the empty value of a key without `:`, as in `{key}`
  bool bare_key = false;       ///< the same in a block, as in `? key`
  bool colon_glued = false;    ///< the empty value of a plain key whose `:` touches a `,` or bracket, as in `{key:}`
  std::uint32_t begin = 0;     ///< first byte after tag and anchor; for an empty node, where it would be
  std::uint32_t end = 0;       ///< one past the last byte; for a block scalar, the end of its last line before the break
  std::uint32_t next = 0;      ///< the node following this one and its whole subtree (pre-order)
  std::uint32_t target = 0;    ///< alias: the node it refers to
  std::uint32_t body = 0;      ///< block scalar: end of its header, before any comment
  std::uint32_t indent = 0;    ///< column of a block collection's keys or dashes, or of a block scalar's text
  std::uint32_t tag_begin = 0, tag_end = 0;
  bool is_flow() const noexcept { return style == Style::flow; }
  bool is_block_scalar() const noexcept { return style == Style::literal || style == Style::folded; }
  bool is_empty() const noexcept { return kind == Kind::scalar && style == Style::empty; }
};

/// A YAML stream as nodes in pre-order: a collection is followed by its children (for a mapping key, value, key, value
/// …). Text is decoded on demand, so a 5 MB file costs a single array. The source must outlive the tree.
class Tree {
 public:
  using Id = std::uint32_t;

  explicit Tree(std::string_view source) : source_(source) {}

  std::string_view source() const noexcept { return source_; }
  const std::vector<Node>& nodes() const noexcept { return nodes_; }
  const Node& operator[](Id id) const { return nodes_[id]; }
  /// The root of each document, in order.
  const std::vector<Id>& documents() const noexcept { return documents_; }

  /// The text of a scalar with quotes, escapes and folding resolved. For an alias, that of the scalar it refers to.
  /// Nullopt for collections.
  std::optional<std::string> text(Id id) const;
  /// True if text(id) equals `wanted`; avoids decoding if the bytes alone decide.
  bool reads(Id id, std::string_view wanted) const;
  std::string_view tag(Id id) const noexcept;
  /// The node itself or, for an alias, the node it refers to.
  Id resolved(Id id) const noexcept;
  Position position(Id id, const std::string& file) const;

 private:
  friend class Scanner;
  std::string_view source_;
  std::vector<Node> nodes_;
  std::vector<Id> documents_;
};

/// The end of the line containing `from`, before its line break.
std::size_t line_end(std::string_view source, std::size_t from) noexcept;

/// Line and column (in bytes) of an offset, both from 1.
Position position_at(std::string_view source, std::size_t offset, const std::string& file);

/// Parses a whole YAML 1.2 stream (which includes JSON). Rejects anything that is not YAML or not UTF-8, control
/// characters, nesting deeper than nesting_max, and a few rarities that it does not support (a flow collection as a
/// key, a lone carriage return as a line break).
Result<Tree> scan(std::string_view source, const std::string& file);

}  // namespace slipway::edit

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::edit {

/// A node of a document, with the exact bytes it stands on.
struct Node {
  enum class Kind : std::uint8_t { scalar, alias, sequence, mapping };
  enum class Style : std::uint8_t { empty, plain, single_quoted, double_quoted, literal, folded, block, flow };
  Kind kind = Kind::scalar;
  Style style = Style::empty;
  bool multi_line = false;     ///< a scalar on more than one line
  bool keep = false;           ///< a block scalar with the chomping indicator `+`
  bool strip = false;          ///< a block scalar with the chomping indicator `-`
  bool colon_missing = false;  ///< the empty value of a key without `:`, as in `{key}`
  bool bare_key = false;       ///< the same in a block, as in `? key`
  bool colon_glued = false;    ///< the empty value of a plain key whose `:` touches a `,` or bracket, as in `{key:}`
  std::uint32_t begin = 0;     ///< first byte after the properties; of an empty node the place where it would stand
  std::uint32_t end = 0;       ///< one past the last byte; of a block scalar the end of its last line, before the break
  std::uint32_t next = 0;      ///< the node after this one and all that is inside it (pre-order)
  std::uint32_t target = 0;    ///< of an alias: the node it stands for
  std::uint32_t body = 0;      ///< of a block scalar: end of its header, before any comment
  std::uint32_t indent = 0;    ///< the column of a block collection's keys or dashes, of a block scalar's text
  std::uint32_t tag_begin = 0, tag_end = 0;
  bool is_flow() const noexcept { return style == Style::flow; }
  bool is_block_scalar() const noexcept { return style == Style::literal || style == Style::folded; }
  bool is_empty() const noexcept { return kind == Kind::scalar && style == Style::empty; }
};

/// A YAML stream as nodes in pre-order: a collection is followed by its children (of a mapping: key, value, key, value
/// …). Text is decoded on demand, so that a file of 5 MB costs one array. The source must outlive the tree.
class Tree {
 public:
  using Id = std::uint32_t;

  explicit Tree(std::string_view source) : source_(source) {}

  std::string_view source() const noexcept { return source_; }
  const std::vector<Node>& nodes() const noexcept { return nodes_; }
  const Node& operator[](Id id) const { return nodes_[id]; }
  /// The root of each document, in order.
  const std::vector<Id>& documents() const noexcept { return documents_; }

  /// What a scalar reads as, with quotes, escapes and folding undone. Of an alias: of the scalar it stands for, if it
  /// is one.
  std::optional<std::string> text(Id id) const;
  /// True where that text is `wanted`; without decoding where it can be told from the bytes.
  bool reads(Id id, std::string_view wanted) const;
  std::string_view tag(Id id) const noexcept;
  /// The node itself, or what an alias stands for.
  Id resolved(Id id) const noexcept;
  Position position(Id id, const std::string& file) const;

 private:
  friend class Scanner;
  std::string_view source_;
  std::vector<Node> nodes_;
  std::vector<Id> documents_;
};

/// The end of the line that `from` is in, before its line break.
std::size_t line_end(std::string_view source, std::size_t from) noexcept;

/// Line and column of a byte, both from 1.
Position position_at(std::string_view source, std::size_t offset, const std::string& file);

/// Reads a whole YAML 1.2 stream (which includes JSON). Refuses what is not YAML, what is not UTF-8, control
/// characters, nesting deeper than nesting_max, and the few rarities whose bytes it does not know how to keep apart (a
/// flow collection as a key, a carriage return alone as a line break).
Result<Tree> scan(std::string_view source, const std::string& file);

}  // namespace slipway::edit

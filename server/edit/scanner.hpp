#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

/// A recursive-descent parser for YAML 1.2 streams that works on bytes; indentation decides where a node ends (YAML
/// 1.2.2, chapters 6 to 9). Every step moves forward, so it takes linear time; recursion is bounded by nesting_max. A
/// function that returns false has set error_.
class Scanner {
 public:
  Scanner(std::string_view source, const std::string& file) : src_(source), file_(file), tree_(source) {}
  Result<Tree> run();

 private:
  using Id = Tree::Id;

  /// What a block node follows: decides whether a collection may begin on the same line.
  enum class After { document, key, dash, mark };

  /// The tag and anchor before a node.
  struct Properties {
    std::uint32_t tag_begin = 0, tag_end = 0;
    std::string_view anchor;
    bool has_tag() const noexcept { return tag_end > tag_begin; }
    bool any() const noexcept { return has_tag() || !anchor.empty(); }
  };

  // Characters. Offsets past the end are neither blank nor break, but `ends_word` is true for them.
  char at(std::size_t i) const noexcept { return i < src_.size() ? src_[i] : '\0'; }
  bool is_end(std::size_t i) const noexcept { return i >= src_.size(); }
  bool is_blank(std::size_t i) const noexcept { return at(i) == ' ' || at(i) == '\t'; }
  bool is_break(std::size_t i) const noexcept { return at(i) == '\n' || at(i) == '\r'; }
  bool ends_word(std::size_t i) const noexcept { return is_end(i) || is_blank(i) || is_break(i); }
  bool is_flow_indicator(std::size_t i) const noexcept;
  std::size_t after_break(std::size_t i) const noexcept { return i + (at(i) == '\r' ? 2 : 1); }
  bool is_marker(std::size_t i) const noexcept;

  // scan_stream.cpp
  bool check_characters();
  bool check_breaks();
  bool documents();
  bool document();
  void skip_directives();
  void skip_space();
  bool at_end() const noexcept;
  bool indicator_here(char c) const noexcept { return at(pos_) == c && ends_word(pos_ + 1); }
  bool properties(Properties& properties);
  bool tag(Properties& properties);
  bool fail(std::string what, std::size_t offset);

  // scan_block.cpp
  bool block_node(int parent, After after);
  bool block_content(int parent, std::uint32_t column, bool compact, const Properties& outer, const Properties& inner);
  bool block_leaf(int parent, std::uint32_t column, bool compact, const Properties& outer, const Properties& inner);
  bool block_sequence(std::uint32_t column, const Properties& outer);
  bool block_mapping(Id map, std::uint32_t column, bool key_is_read);
  bool mapping_entry(std::uint32_t column, bool key_is_read);
  bool explicit_entry(std::uint32_t column);
  bool implicit_key();
  bool more_entries(std::uint32_t column, bool& more);
  bool inside(int parent, After after) const noexcept;
  bool colon_follows() const noexcept;
  bool join(Properties& own, const Properties& more);

  // scan_flow.cpp
  bool flow_node();
  bool flow_collection(const Properties& own);
  bool sequence_entry();
  bool mapping_pair();
  bool pair_value(bool json_key, std::uint32_t place);
  bool value_indicator(bool json_key) const noexcept;

  // scan_scalar.cpp
  bool leaf(int parent, bool flow);
  bool alias();
  bool plain(int parent, bool flow);
  bool plain_continues(int parent, bool flow, std::size_t from, std::size_t& next) const noexcept;
  std::size_t plain_line(std::size_t from, bool flow, std::size_t& end) const noexcept;
  bool starts_plain(bool flow) const noexcept;
  bool single_quoted();
  bool double_quoted();
  bool escape(std::size_t begin);
  bool quoted_break(std::size_t begin);
  bool block_scalar(int parent);
  bool block_header(Node& node, int& explicit_indent);
  bool block_indent(int parent, std::size_t from, int explicit_indent, std::uint32_t& indent);
  void block_lines(Node& node);

  // Building. A collection is closed after its children have been added.
  Id add(Node node);
  Id add_empty(std::uint32_t place, const Properties& properties, bool colon_missing = false);
  Id open(Node::Kind kind, Node::Style style, std::uint32_t begin, std::uint32_t column, const Properties& properties);
  void close(Id id);
  Id wrap_last(Node::Style style, std::uint32_t begin, std::uint32_t column, const Properties& properties);
  void attach(Id id, const Properties& properties);
  Node& last() { return tree_.nodes_.back(); }

  std::string_view src_;
  const std::string& file_;
  Tree tree_;
  Error error_{std::string()};
  std::size_t pos_ = 0;
  std::size_t line_start_ = 0;
  std::size_t skipped_to_ = std::string_view::npos;  ///< where skip_space last stopped: calling it again there has no effect
  bool fresh_ = true;                                ///< after skip_space: first token on its line
  bool tabbed_ = false;                              ///< after skip_space: a tab precedes the token
  std::uint32_t column_ = 0;                         ///< after skip_space: leading spaces, or bytes from the start of the line
  std::uint32_t last_end_ = 0;
  int depth_ = 0;
  std::unordered_map<std::string_view, Id> anchors_;  ///< of the current document
  std::string_view last_anchor_;                      ///< of the node added last; empty if it has none
};

}  // namespace slipway::edit

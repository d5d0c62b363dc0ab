#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::cel {

/// A radix tree of numbered prefixes: a text is scanned once, however many prefixes there are.
class PrefixTree {
 public:
  PrefixTree() = default;
  /// Prefixes may be empty and may occur more than once.
  explicit PrefixTree(std::vector<std::pair<std::string, std::uint32_t>> prefixes);

  /// Calls `found(number)` for every prefix of `text`.
  template <class Found>
  void each_prefix_of(std::string_view text, Found found) const {
    if (nodes_.empty()) return;
    const Node* node = &nodes_[0];
    for (;;) {
      const std::string_view label(labels_.data() + node->label, node->label_size);
      if (!text.starts_with(label)) return;
      text.remove_prefix(label.size());
      for (std::uint32_t i = 0; i < node->number_count; ++i) found(numbers_[node->first_number + i]);
      node = text.empty() ? nullptr : child(*node, text.front());
      if (node == nullptr) return;
    }
  }

 private:
  struct Node {
    std::uint32_t label = 0, label_size = 0;
    std::uint32_t first_number = 0, number_count = 0;
    std::uint32_t first_child = 0, child_count = 0;
  };
  using Entry = std::pair<std::string, std::uint32_t>;

  const Node* child(const Node& node, char first) const;
  void build(std::uint32_t at, const Entry* begin, const Entry* end, std::size_t depth);

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> numbers_;
  std::string labels_;
};

}  // namespace slipway::cel

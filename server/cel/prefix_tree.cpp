#include "cel/prefix_tree.hpp"

#include <algorithm>

namespace slipway::cel {

PrefixTree::PrefixTree(std::vector<Entry> prefixes) {
  if (prefixes.empty()) return;
  std::sort(prefixes.begin(), prefixes.end());
  nodes_.emplace_back();
  build(0, prefixes.data(), prefixes.data() + prefixes.size(), 0);
}

const PrefixTree::Node* PrefixTree::child(const Node& node, char first) const {
  for (std::uint32_t i = 0; i < node.child_count; ++i) {
    const Node& candidate = nodes_[node.first_child + i];
    if (labels_[candidate.label] == first) return &candidate;
  }
  return nullptr;
}

// The sorted entries share their first `depth` bytes. The node's label is what they share beyond that, with one child
// per next byte. Recursion is at most as deep as there are entries on one path.
void PrefixTree::build(std::uint32_t at, const Entry* begin, const Entry* end, std::size_t depth) {
  const std::string& first = begin->first;
  const std::string& last = (end - 1)->first;
  std::size_t shared = depth;
  while (shared < first.size() && shared < last.size() && first[shared] == last[shared]) ++shared;
  nodes_[at].label = static_cast<std::uint32_t>(labels_.size());
  nodes_[at].label_size = static_cast<std::uint32_t>(shared - depth);
  labels_ += first.substr(depth, shared - depth);
  nodes_[at].first_number = static_cast<std::uint32_t>(numbers_.size());
  const Entry* rest = begin;
  for (; rest != end && rest->first.size() == shared; ++rest) numbers_.push_back(rest->second);
  nodes_[at].number_count = static_cast<std::uint32_t>(rest - begin);

  std::vector<std::pair<const Entry*, const Entry*>> groups;
  while (rest != end) {
    const char next = rest->first[shared];
    const Entry* group_end = std::find_if(rest, end, [&](const Entry& e) { return e.first[shared] != next; });
    groups.emplace_back(rest, group_end);
    rest = group_end;
  }
  const auto first_child = static_cast<std::uint32_t>(nodes_.size());
  nodes_[at].first_child = first_child;
  nodes_[at].child_count = static_cast<std::uint32_t>(groups.size());
  nodes_.resize(nodes_.size() + groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    build(first_child + static_cast<std::uint32_t>(i), groups[i].first, groups[i].second, shared);
  }
}

}  // namespace slipway::cel

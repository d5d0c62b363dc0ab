#include "edit/tree.hpp"

#include <algorithm>

#include "edit/scalar.hpp"

namespace slipway::edit {

Tree::Id Tree::resolved(Id id) const noexcept {
  while (nodes_[id].kind == Node::Kind::alias) id = nodes_[id].target;  // an alias always refers to an earlier node
  return id;
}

std::optional<std::string> Tree::text(Id id) const {
  const Node& node = nodes_[resolved(id)];
  if (node.kind != Node::Kind::scalar) return std::nullopt;
  return node.is_empty() ? std::string() : decode(source_, node);
}

bool Tree::reads(Id id, std::string_view wanted) const {
  const Node& node = nodes_[resolved(id)];
  if (node.kind != Node::Kind::scalar) return false;
  if (node.is_empty()) return wanted.empty();
  if (node.style == Node::Style::plain && !node.multi_line) {
    return source_.substr(node.begin, node.end - node.begin) == wanted;
  }
  return decode(source_, node) == wanted;
}

std::string_view Tree::tag(Id id) const noexcept {
  const Node& node = nodes_[id];
  return source_.substr(node.tag_begin, node.tag_end - node.tag_begin);
}

Position Tree::position(Id id, const std::string& file) const {
  return position_at(source_, nodes_[id].begin, file);
}

std::size_t line_end(std::string_view source, std::size_t from) noexcept {
  const std::size_t found = source.find('\n', from);
  if (found == std::string_view::npos) return source.size();
  return found > from && source[found - 1] == '\r' ? found - 1 : found;
}

Position position_at(std::string_view source, std::size_t offset, const std::string& file) {
  const std::string_view before = source.substr(0, std::min(offset, source.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t last_break = before.rfind('\n');
  std::size_t start = last_break == std::string_view::npos ? 0 : last_break + 1;
  if (start == 0 && source.starts_with("\xef\xbb\xbf")) start = std::min<std::size_t>(3, before.size());
  return Position(file, static_cast<int>(line), static_cast<int>(before.size() - start) + 1);
}

}  // namespace slipway::edit

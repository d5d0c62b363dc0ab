#include <fmt/format.h>

#include <algorithm>

#include "edit/rewrite.hpp"
#include "edit/scalar.hpp"

namespace slipway::edit {

namespace {

constexpr std::string_view core_prefix = "tag:yaml.org,2002:";

// The name of one of YAML's own tags (`str` of `!!str`); empty for any other tag.
std::string_view core_tag(std::string_view tag) {
  if (tag.starts_with("!!")) return tag.substr(2);
  if (tag.starts_with("!<") && tag.substr(2).starts_with(core_prefix)) {
    return tag.substr(2 + core_prefix.size(), tag.size() - 3 - core_prefix.size());
  }
  return {};
}

bool reads_as_string(const Tree& tree, Tree::Id id) {
  const Node& node = tree[id];
  if (!tree.tag(id).empty()) return true;  // plan_replacement handles tags other than `!!str`
  if (node.is_empty()) return false;
  return node.style != Node::Style::plain || plain_is_string(tree.text(id).value_or(""));
}

// Where the new text goes. A value that was empty also gets the space that separates it from its key.
Result<std::vector<Splice>> splices_for(const Tree& tree, Tree::Id id, std::string text, const std::string& file) {
  const Node& node = tree[id];
  const std::string_view source = tree.source();
  if (node.is_block_scalar()) {
    return std::vector<Splice>{{node.begin, node.body, std::move(text)}, {line_end(source, node.body), node.end, ""}};
  }
  if (!node.is_empty()) return std::vector<Splice>{{node.begin, node.end, std::move(text)}};
  if (node.colon_glued) return glued_colon(tree, id, file);
  if (node.bare_key) return Error("this key has no ':' behind it", tree.position(id, file));
  if (node.colon_missing) return std::vector<Splice>{{node.begin, node.begin, ": " + text}};
  return std::vector<Splice>{{node.begin, node.begin, " " + text}};
}

Event replaced_by(std::string_view value) {
  Event event;
  event.kind = Event::Kind::scalar;
  event.text = value;
  return event;
}

}  // namespace

Result<Rewrite> plan_replacement(const Tree& tree, const Place& place, const Path& path, std::string_view value,
                                 const std::string& file) {
  const Node& node = tree[place.node];
  if (node.kind != Node::Kind::scalar) {
    return Error(fmt::format("'{}' is a {}, not a single value", path.text(),
                             node.kind == Node::Kind::mapping ? "mapping" : "sequence"),
                 tree.position(place.node, file));
  }
  const std::string_view tag = core_tag(tree.tag(place.node));
  if (!tag.empty() && tag != "str") {
    return Error(
        fmt::format("'{}' has the tag '{}', so a text cannot be put there", path.text(), tree.tag(place.node)),
        tree.position(place.node, file));
  }
  Rewrite rewrite;
  rewrite.trail = place.trail;
  if (reads_as_string(tree, place.node) && tree.reads(place.node, value)) {
    rewrite.trail.push_back(place.node);
    return rewrite;
  }
  auto splices = splices_for(tree, place.node, in_quotes(value), file);
  if (!splices) return splices.error();
  rewrite.splices = std::move(*splices);
  rewrite.changes.push_back({place.node, true, {replaced_by(value)}});
  return rewrite;
}

Error glued_colon(const Tree& tree, Tree::Id id, const std::string& file) {
  return Error(
      "this ':' touches what follows it: some readers take it for the end of the key, others, like that of Helm and "
      "Kustomize, for a part of it; put a blank behind it",
      position_at(tree.source(), tree[id].begin - 1, file));
}

std::string apply(std::string_view source, std::vector<Splice> splices) {
  std::stable_sort(splices.begin(), splices.end(), [](const Splice& a, const Splice& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t grown = source.size();
  for (const Splice& splice : splices) grown += splice.text.size();
  out.reserve(grown);
  std::size_t from = 0;
  for (const Splice& splice : splices) {
    out += source.substr(from, splice.begin - from);
    out += splice.text;
    from = splice.end;
  }
  out += source.substr(from);
  return out;
}

}  // namespace slipway::edit

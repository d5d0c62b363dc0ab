#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "edit/locate.hpp"

// The error about a missing key, with the nearest existing key.

namespace slipway::edit {

namespace {

constexpr std::size_t names_max = 2000;      // how many names are compared with a wrong one: a message is not worth more
constexpr std::size_t mappings_max = 20000;  // how many mappings are searched for the path

struct Candidate {
  std::string text;
  Tree::Id node;
};

std::vector<Candidate> keys_of(const Tree& tree, Tree::Id mapping) {
  std::vector<Candidate> names;
  for (Tree::Id key = mapping + 1; key < tree[mapping].next && names.size() < names_max;
       key = tree[tree[key].next].next) {
    if (auto text = tree.text(key)) names.push_back({std::move(*text), key});
  }
  return names;
}

std::vector<Candidate> items_of(const Tree& tree, Tree::Id sequence, const std::string& key) {
  std::vector<Candidate> names;
  for (Tree::Id item = sequence + 1; item < tree[sequence].next && names.size() < names_max; item = tree[item].next) {
    if (tree[tree.resolved(item)].kind != Node::Kind::mapping) continue;
    const Entry entry = find_own_entry(tree, tree.resolved(item), key);
    if (!entry.value) continue;
    if (auto text = tree.text(*entry.value)) names.push_back({std::move(*text), *entry.value});
  }
  return names;
}

const Candidate* nearest(const std::vector<Candidate>& names, const std::string& wanted) {
  const Candidate* best = nullptr;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const Candidate& name : names) {
    const std::size_t distance =
        edit_distance(std::string_view(name.text).substr(0, 100), std::string_view(wanted).substr(0, 100));
    if (distance < least) least = distance, best = &name;
  }
  return best;
}

// Searches for the same path below another mapping: `common.image.tag` when `image.tag` was asked for.
class DeeperPath {
 public:
  DeeperPath(const Tree& tree, const Path& path) : tree_(tree), path_(path) {}

  std::optional<std::string> find(Tree::Id root) { return below(root, {}, 0); }

 private:
  bool leads_from(Tree::Id mapping) const {
    Tree::Id node = mapping;
    for (const Step& step : path_.steps()) {
      const auto* key = std::get_if<Key>(&step);
      if (key == nullptr || tree_[node].kind != Node::Kind::mapping) return false;
      const Entry entry = find_own_entry(tree_, node, key->name);
      if (!entry.value) return false;
      node = tree_.resolved(*entry.value);
    }
    return true;
  }

  std::optional<std::string> below(Tree::Id node, std::vector<Step> steps, int depth) {
    if (depth > 16 || ++visited_ > mappings_max) return std::nullopt;
    if (!steps.empty() && tree_[node].kind == Node::Kind::mapping && leads_from(node)) {
      steps.insert(steps.end(), path_.steps().begin(), path_.steps().end());
      return path_text(path_.document(), steps, steps.size());
    }
    const bool mapping = tree_[node].kind == Node::Kind::mapping;
    std::size_t index = 0;
    for (Tree::Id child = node + 1; child < tree_[node].next; child = tree_[child].next, ++index) {
      const Tree::Id value = mapping ? tree_[child].next : child;
      if (tree_[value].kind == Node::Kind::mapping || tree_[value].kind == Node::Kind::sequence) {
        steps.push_back(mapping ? Step(Key{tree_.text(child).value_or("")}) : Step(Index{index}));
        if (auto found = below(value, steps, depth + 1)) return found;
        steps.pop_back();
      }
      child = value;
    }
    return std::nullopt;
  }

  const Tree& tree_;
  const Path& path_;
  std::size_t visited_ = 0;
};

std::string where(const Path& path, std::size_t depth) {
  return depth == 0 ? "the document" : fmt::format("'{}'", path_text(path.document(), path.steps(), depth));
}

Error missing_key(const Tree& tree, const Place& place, const Path& path, const Key& key, const std::string& file) {
  const std::string no_key = fmt::format("no key '{}' in {}", printable(key.name), where(path, place.depth));
  if (const auto deeper = DeeperPath(tree, path).find(tree.documents()[place.document])) {
    return Error(fmt::format("{}; there is '{}'", no_key, *deeper), tree.position(place.node, file));
  }
  const std::vector<Candidate> names = keys_of(tree, place.node);
  const Candidate* name = nearest(names, key.name);
  if (name == nullptr) return Error(fmt::format("{}, which is empty", no_key), tree.position(place.node, file));
  std::vector<Step> steps(path.steps().begin(), path.steps().begin() + static_cast<std::ptrdiff_t>(place.depth));
  steps.push_back(Key{name->text});
  return Error(fmt::format("{}; the nearest is '{}'", no_key, path_text(path.document(), steps, steps.size())),
               tree.position(name->node, file));
}

Error missing_item(const Tree& tree, const Place& place, const Path& path, const Match& match,
                   const std::string& file) {
  const std::string no_item =
      fmt::format("no item of {} has {}: {}", where(path, place.depth), match.key, printable(match.value));
  const std::vector<Candidate> names = items_of(tree, place.node, match.key);
  const Candidate* name = nearest(names, match.value);
  if (name == nullptr) return Error(no_item, tree.position(place.node, file));
  return Error(fmt::format("{}; the nearest is [{}={}]", no_item, match.key, printable(name->text)),
               tree.position(name->node, file));
}

}  // namespace

Error missing(const Tree& tree, const Place& place, const Path& path, const std::string& file) {
  if (place.blocked) return *place.blocked;
  const Step& step = path.steps()[place.depth];
  if (is_null(tree, place.node)) {
    return Error(fmt::format("{} has no value, so there is no '{}'", where(path, place.depth), path.text()),
                 tree.position(place.node, file));
  }
  if (const auto* key = std::get_if<Key>(&step)) return missing_key(tree, place, path, *key, file);
  if (const auto* match = std::get_if<Match>(&step)) return missing_item(tree, place, path, *match, file);
  std::size_t count = 0;
  for (Tree::Id item = place.node + 1; item < tree[place.node].next; item = tree[item].next) ++count;
  return Error(fmt::format("{} has {} item{}, there is no [{}]", where(path, place.depth), count, count == 1 ? "" : "s",
                           std::get<Index>(step).at),
               tree.position(place.node, file));
}

}  // namespace slipway::edit

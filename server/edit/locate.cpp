#include "edit/locate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace slipway::edit {

namespace {

// The mappings named by a mapping's merge keys, in order of precedence.
std::vector<Tree::Id> merged_mappings(const Tree& tree, Tree::Id mapping, std::vector<Tree::Id>& sources) {
  std::vector<Tree::Id> found;
  const auto add = [&](Tree::Id source, Tree::Id node) {
    if (tree[tree.resolved(node)].kind != Node::Kind::mapping) return;
    found.push_back(tree.resolved(node));
    sources.push_back(source);
  };
  for (Tree::Id key = mapping + 1; key < tree[mapping].next;) {
    const Tree::Id value = tree[key].next;
    if (tree[key].style == Node::Style::plain && tree.reads(key, "<<")) {
      const Tree::Id list = tree.resolved(value);
      if (tree[list].kind != Node::Kind::sequence) add(value, value);
      if (tree[list].kind == Node::Kind::sequence) {
        for (Tree::Id item = list + 1; item < tree[list].next; item = tree[item].next) add(value, item);
      }
    }
    key = tree[value].next;
  }
  return found;
}

std::string quoted_path(const Path& path, std::size_t count) {
  return count == 0 ? "the document" : fmt::format("'{}'", path_text(path.document(), path.steps(), count));
}

std::string_view kind_name(const Node& node) {
  switch (node.kind) {
    case Node::Kind::mapping:
      return "a mapping";
    case Node::Kind::sequence:
      return "a sequence";
    default:
      return "a single value";
  }
}

// Finds the entry of one key in many mappings that may share merge keys, visiting each mapping once.
class NameFinder {
 public:
  NameFinder(const Tree& tree, std::string_view key) : tree_(tree), key_(key) {}

  Entry find(Tree::Id mapping, int depth = 0) {
    Entry own = find_own_entry(tree_, mapping, key_);
    if (own.key || depth > nesting_max) return own;
    std::vector<Tree::Id> sources;
    for (const Tree::Id merged : merged_mappings(tree_, mapping, sources)) {
      const auto [known, is_new] = known_.try_emplace(merged);  // empty while in progress: it may refer to itself
      if (is_new) {
        Entry entry = find(merged, depth + 1);
        known_[merged] = entry;
        if (entry.key) return entry;
      } else if (known->second.key) {
        return known->second;
      }
    }
    return own;
  }

 private:
  const Tree& tree_;
  std::string_view key_;
  std::unordered_map<Tree::Id, Entry> known_;
};

// Follows a path step by step; `place` records how far it got.
class Walk {
 public:
  Walk(const Tree& tree, const Path& path, const std::string& file, Place& place)
      : tree_(tree), path_(path), file_(file), place_(place) {}

  void run(Tree::Id root) {
    enter(root);
    for (const Step& step : path_.steps()) {
      const bool last = place_.depth + 1 == path_.steps().size();
      if (!std::visit([&](const auto& kind) { return take(kind, last); }, step)) return;
      ++place_.depth;
    }
  }

 private:
  void enter(Tree::Id id) {
    if (tree_[id].kind == Node::Kind::alias && !place_.indirect) place_.indirect = id;
    place_.node = tree_.resolved(id);
  }

  bool stop(std::string what, Tree::Id at, bool ambiguous = false) {
    place_.blocked = Error(std::move(what), tree_.position(at, file_));
    place_.ambiguous = ambiguous;
    return false;
  }
  std::string here() const { return quoted_path(path_, place_.depth); }

  bool take(const Key& key, bool last) {
    if (is_null(tree_, place_.node)) return false;
    if (tree_[place_.node].kind != Node::Kind::mapping) {
      const bool sequence = tree_[place_.node].kind == Node::Kind::sequence;
      return stop(fmt::format("{} is {}, it has no key '{}'{}", here(), kind_name(tree_[place_.node]), key.name,
                              sequence ? "; an item is named by [0] or [name=value]" : ""),
                  place_.node);
    }
    const Entry entry = find_entry(tree_, place_.node, key.name);
    if (entry.duplicate) {
      return stop(fmt::format("the key '{}' stands twice in {}, first in line {}", key.name, here(),
                              tree_.position(*entry.key, file_).line),
                  *entry.duplicate, true);
    }
    if (!entry.value) return false;
    if (entry.merged && !place_.indirect) {
      if (last) place_.overridable = place_.node;
      place_.indirect = entry.merged;
      place_.merged = true;
    }
    place_.trail.push_back(*entry.key);
    enter(*entry.value);
    return true;
  }

  bool take(const Index& index, bool) {
    if (!on_sequence(fmt::format("[{}]", index.at))) return false;
    Tree::Id item = place_.node + 1;
    const Tree::Id end = tree_[place_.node].next;
    for (std::size_t i = 0; i < index.at && item < end; ++i) item = tree_[item].next;
    if (item >= end) return false;
    enter(item);
    return true;
  }

  bool take(const Match& match, bool) {
    if (!on_sequence(fmt::format("[{}={}]", match.key, match.value))) return false;
    std::optional<Tree::Id> found;
    NameFinder names(tree_, match.key);
    for (Tree::Id item = place_.node + 1; item < tree_[place_.node].next; item = tree_[item].next) {
      const Tree::Id mapping = tree_.resolved(item);
      if (tree_[mapping].kind != Node::Kind::mapping) continue;
      const Entry entry = names.find(mapping);
      if (!entry.value || !tree_.reads(*entry.value, match.value)) continue;
      place_.trail.push_back(*entry.key);
      place_.trail.push_back(tree_.resolved(*entry.value));
      if (found) {
        return stop(fmt::format("two items of {} have {}: {}, the first in line {}", here(), match.key, match.value,
                                tree_.position(*found, file_).line),
                    item, true);
      }
      found = item;
    }
    if (!found) return false;
    enter(*found);
    return true;
  }

  bool on_sequence(const std::string& step) {
    if (is_null(tree_, place_.node)) return false;
    if (tree_[place_.node].kind == Node::Kind::sequence) return true;
    return stop(fmt::format("{} is {}, no sequence: there is no {}", here(), kind_name(tree_[place_.node]), step),
                place_.node);
  }

  const Tree& tree_;
  const Path& path_;
  const std::string& file_;
  Place& place_;
};

}  // namespace

Entry find_own_entry(const Tree& tree, Tree::Id mapping, std::string_view name) {
  Entry entry;
  for (Tree::Id key = mapping + 1; key < tree[mapping].next;) {
    const Tree::Id value = tree[key].next;
    if (tree.reads(key, name)) {
      if (entry.key) {
        entry.duplicate = key;
      } else {
        entry.key = key;
        entry.value = value;
      }
    }
    key = tree[value].next;
  }
  return entry;
}

bool is_null(const Tree& tree, Tree::Id id) {
  const Node& node = tree[tree.resolved(id)];
  if (node.kind != Node::Kind::scalar || !tree.tag(tree.resolved(id)).empty()) return false;
  if (node.is_empty()) return true;
  if (node.style != Node::Style::plain || node.end - node.begin > 4) return false;
  const std::string_view text = tree.source().substr(node.begin, node.end - node.begin);
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Visits each mapping once, so that merge keys referring to one another cost no more than linear time.
Entry find_entry(const Tree& tree, Tree::Id mapping, std::string_view key) {
  Entry own = find_own_entry(tree, mapping, key);
  if (own.key) return own;
  struct Candidate {
    Tree::Id mapping, source;
  };
  std::vector<Candidate> waiting;
  std::unordered_set<Tree::Id> seen = {mapping};
  const auto push = [&](Tree::Id from, std::optional<Tree::Id> source) {
    std::vector<Tree::Id> sources;
    const std::vector<Tree::Id> merged = merged_mappings(tree, from, sources);
    for (std::size_t i = merged.size(); i-- > 0;) waiting.push_back({merged[i], source.value_or(sources[i])});
  };
  push(mapping, std::nullopt);
  while (!waiting.empty()) {
    const Candidate next = waiting.back();
    waiting.pop_back();
    if (!seen.insert(next.mapping).second) continue;
    Entry entry = find_own_entry(tree, next.mapping, key);
    entry.merged = next.source;
    if (entry.key) return entry;
    push(next.mapping, next.source);
  }
  return Entry();
}

Place walk(const Tree& tree, std::size_t document, const Path& path, const std::string& file) {
  Place place;
  place.document = document;
  Walk(tree, path, file, place).run(tree.documents()[document]);
  return place;
}

Result<Place> locate(const Tree& tree, const Path& path, const std::string& file) {
  const std::size_t count = tree.documents().size();
  if (count == 0) return Error(fmt::format("the file is empty, there is no '{}'", path.text()), Position(file, 1, 1));
  if (path.document()) {
    if (*path.document() < count) return walk(tree, *path.document(), path, file);
    return Error(
        fmt::format("the file has {} document{}, there is no doc[{}]", count, count == 1 ? "" : "s", *path.document()),
        Position(file, 1, 1));
  }
  std::optional<Place> best;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < count; ++i) {
    Place place = walk(tree, i, path, file);
    if (place.ambiguous) return *place.blocked;
    if (place.depth == path.steps().size()) found.push_back(i);
    const bool root_is_null = is_null(tree, tree.documents()[i]);
    if (!best || place.depth > best->depth || (best->depth == 0 && is_null(tree, best->node) && !root_is_null)) {
      best = std::move(place);
    } else if (place.depth == best->depth && !root_is_null) {
      best->rival = i;
    }
  }
  if (found.size() > 1) {
    return Error(fmt::format("'{}' is in several documents of the file: write doc[{}].{} or doc[{}].{}", path.text(),
                             found[0], path.text(), found[1], path.text()),
                 tree.position(walk(tree, found[1], path, file).node, file));
  }
  return *best;
}

}  // namespace slipway::edit

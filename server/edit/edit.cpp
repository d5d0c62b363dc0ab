#include "edit/edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "edit/locate.hpp"
#include "edit/rewrite.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

namespace {

constexpr std::size_t value_bytes_max = 64u << 10;

Result<void> check_value(const Assignment& assignment) {
  if (assignment.path.steps().empty()) return Error("the path is empty");
  if (assignment.value.size() > value_bytes_max) {
    return Error(fmt::format("the new value of '{}' has {} bytes, more than {}", assignment.path.text(),
                             assignment.value.size(), value_bytes_max));
  }
  if (is_utf8(assignment.value)) return Result<void>();
  return Error(fmt::format("the new value of '{}' is not UTF-8", assignment.path.text()));
}

Error through_alias(const Tree& tree, const Place& place, const Path& path, const std::string& file) {
  return Error(
      fmt::format("'{}' comes through {} from line {}, and editing it there would change every place that uses it; "
                  "allow that with follow_alias{}",
                  path.text(), place.merged ? "a merge key" : "an alias", tree.position(place.node, file).line,
                  place.overridable ? ", or give this mapping a value of its own with create" : ""),
      tree.position(*place.indirect, file));
}

Error which_document(const Tree& tree, const Place& place, const Path& path, const std::string& file) {
  return Error(fmt::format("'{}' is in no document of the file, and could be made in several: write doc[{}].{} or doc[{}].{}",
                           path.text(), place.document, path.text(), *place.rival, path.text()),
               tree.position(tree.documents()[*place.rival], file));
}

// Where a value is; `create`: where it has to be created.
struct Target {
  Place place;
  bool create = false;
};

Result<Target> find_target(const Tree& tree, const Path& path, const Options& options) {
  auto located = locate(tree, path, options.file);
  if (!located) return located.error();
  Target target{std::move(*located), false};
  Place& place = target.place;
  const bool found = place.depth == path.steps().size();
  if (!found && !options.create) return missing(tree, place, path, options.file);
  if (!found && place.rival) return which_document(tree, place, path, options.file);
  target.create = !found;
  if (!place.indirect || options.follow_alias) return target;
  const bool can_override = options.create && place.overridable && found;
  if (!can_override) return through_alias(tree, place, path, options.file);
  place.node = *place.overridable;
  place.depth -= 1;
  place.trail.pop_back();
  target.create = true;
  return target;
}

Error different_values(const Path& one, const Path& other, const Position& where) {
  return Error(fmt::format("'{}' and '{}' are the same place and get different values", one.text(), other.text()), where);
}

// The values to create, applied one by one, each to the document that the previous ones produced.
class Making {
 public:
  explicit Making(const Options& options) : options_(options) {}

  /// `where` refers to the original document.
  void add(const Assignment& assignment, Position where) { wanted_.push_back({&assignment, std::move(where)}); }

  Result<std::string> make_all(std::string document) const {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      auto result = make(document, i);
      if (!result) return result.error();
      document = *std::move(result);
    }
    return document;
  }

 private:
  struct Wanted {
    const Assignment* assignment;
    Position where;
  };

  Result<std::string> make(std::string_view document, std::size_t number) const {
    const Assignment& assignment = *wanted_[number].assignment;
    const auto tree = scan(document, options_.file);
    if (!tree) return tree.error();
    if (tree->documents().empty()) {
      if (assignment.path.document().value_or(0) > 0) return locate(*tree, assignment.path, options_.file).error();
      auto first = plan_first_document(document, assignment.path, assignment.value, options_.file);
      if (!first) return first.error();
      return verified(*tree, std::move(*first), options_.file);
    }
    const auto target = find_target(*tree, assignment.path, options_);
    if (!target) return target.error();
    if (const Path* same = made_before(*tree, *target, number)) {
      return different_values(*same, assignment.path, wanted_[number].where);
    }
    auto rewrite = target->create
                       ? plan_creation(*tree, target->place, assignment.path, assignment.value, options_.file)
                       : plan_replacement(*tree, target->place, assignment.path, assignment.value, options_.file);
    if (!rewrite) return rewrite.error();
    return verified(*tree, std::move(*rewrite), options_.file);
  }

  // The path of an earlier assignment that created this same place with a different value, or null.
  const Path* made_before(const Tree& tree, const Target& target, std::size_t number) const {
    const Tree::Id node = target.place.node;
    const std::string& value = wanted_[number].assignment->value;
    if (target.create || tree[node].kind != Node::Kind::scalar || tree.reads(node, value)) return nullptr;
    for (std::size_t i = 0; i < number; ++i) {
      const auto place = find_target(tree, wanted_[i].assignment->path, options_);
      if (place && !place->create && place->place.node == node) return &wanted_[i].assignment->path;
    }
    return nullptr;
  }

  const Options& options_;
  std::vector<Wanted> wanted_;
};

// Collects all replacements in one document.
class Batch {
 public:
  Batch(const Tree& tree, const Options& options) : tree_(tree), options_(options) {}

  // Values that must be created instead are passed on to `making`.
  Result<void> add(const Assignment& assignment, Making& making) {
    const auto target = find_target(tree_, assignment.path, options_);
    if (!target) return target.error();
    if (target->create) {
      making.add(assignment, tree_.position(target->place.node, options_.file));
      return {};
    }
    const Tree::Id node = target->place.node;
    const auto same =
        std::find_if(given_.begin(), given_.end(), [&](const Given& given) { return given.node == node; });
    if (same != given_.end()) {
      if (same->assignment->value == assignment.value) return {};
      return different_values(same->assignment->path, assignment.path, tree_.position(node, options_.file));
    }
    given_.push_back({node, &assignment});
    auto planned = plan_replacement(tree_, target->place, assignment.path, assignment.value, options_.file);
    if (!planned) return planned.error();
    const auto append = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    append(rewrite_.splices, planned->splices);
    append(rewrite_.changes, planned->changes);
    append(rewrite_.trail, planned->trail);
    return {};
  }

  Result<std::string> finish() { return verified(tree_, std::move(rewrite_), options_.file); }

 private:
  struct Given {
    Tree::Id node;
    const Assignment* assignment;
  };
  const Tree& tree_;
  const Options& options_;
  std::vector<Given> given_;
  Rewrite rewrite_;
};

}  // namespace

Result<std::string> replace(std::string_view document, std::span<const Assignment> assignments,
                            const Options& options) {
  for (const Assignment& assignment : assignments) {
    if (const auto checked = check_value(assignment); !checked) return checked.error();
  }
  const auto tree = scan(document, options.file);
  if (!tree) return tree.error();
  Batch batch(*tree, options);
  Making making(options);
  for (const Assignment& assignment : assignments) {
    if (tree->documents().empty() && options.create) {
      making.add(assignment, Position(options.file, 1, 1));
      continue;
    }
    if (const auto replaced = batch.add(assignment, making); !replaced) return replaced.error();
  }
  auto result = batch.finish();
  if (!result) return result;
  return making.make_all(*std::move(result));
}

Result<std::string> replace(std::string_view document, const Path& path, std::string_view value,
                            const Options& options) {
  const Assignment assignment(path, std::string(value));
  return replace(document, std::span<const Assignment>(&assignment, 1), options);
}

Result<std::optional<std::string>> read(std::string_view document, const Path& path, const Options& options) {
  const auto tree = scan(document, options.file);
  if (!tree) return tree.error();
  if (path.steps().empty()) return Error("the path is empty");
  if (tree->documents().empty()) return std::optional<std::string>();
  const auto place = locate(*tree, path, options.file);
  if (!place) return place.error();
  if (place->blocked) return *place->blocked;
  if (place->depth < path.steps().size() || is_null(*tree, place->node)) return std::optional<std::string>();
  auto text = tree->text(place->node);
  if (text) return text;
  return Error(fmt::format("'{}' is no single value", path.text()), tree->position(place->node, options.file));
}

}  // namespace slipway::edit

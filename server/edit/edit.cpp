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

// Where a value is to be found or made; `create` says that it has to be made.
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

Result<std::string> create_one(std::string_view document, const Assignment& assignment, const Options& options) {
  const auto tree = scan(document, options.file);
  if (!tree) return tree.error();
  if (tree->documents().empty()) {
    if (assignment.path.document().value_or(0) > 0) return locate(*tree, assignment.path, options.file).error();
    auto first = plan_first_document(document, assignment.path, assignment.value, options.file);
    if (!first) return first.error();
    return verified(*tree, std::move(*first), options.file);
  }
  const auto target = find_target(*tree, assignment.path, options);
  if (!target) return target.error();
  auto rewrite = target->create
                     ? plan_creation(*tree, target->place, assignment.path, assignment.value, options.file)
                     : plan_replacement(*tree, target->place, assignment.path, assignment.value, options.file);
  if (!rewrite) return rewrite.error();
  return verified(*tree, std::move(*rewrite), options.file);
}

// All replacements of one document, gathered.
class Batch {
 public:
  Batch(const Tree& tree, const Options& options) : tree_(tree), options_(options) {}

  // False where the value has to be made instead.
  Result<bool> add(const Assignment& assignment) {
    const auto target = find_target(tree_, assignment.path, options_);
    if (!target) return target.error();
    if (target->create) return false;
    const Tree::Id node = target->place.node;
    const auto same =
        std::find_if(given_.begin(), given_.end(), [&](const Given& given) { return given.node == node; });
    if (same != given_.end()) {
      if (same->assignment->value == assignment.value) return true;
      return Error(fmt::format("'{}' and '{}' are the same place and get different values",
                               same->assignment->path.text(), assignment.path.text()),
                   tree_.position(node, options_.file));
    }
    given_.push_back({node, &assignment});
    auto planned = plan_replacement(tree_, target->place, assignment.path, assignment.value, options_.file);
    if (!planned) return planned.error();
    const auto append = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    append(rewrite_.splices, planned->splices);
    append(rewrite_.changes, planned->changes);
    append(rewrite_.trail, planned->trail);
    return true;
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
  std::vector<const Assignment*> to_make;
  for (const Assignment& assignment : assignments) {
    const bool empty_file = tree->documents().empty() && options.create;
    const Result<bool> replaced = empty_file ? Result<bool>(false) : batch.add(assignment);
    if (!replaced) return replaced.error();
    if (!*replaced) to_make.push_back(&assignment);
  }
  auto result = batch.finish();
  for (const Assignment* assignment : to_make) {
    if (!result) break;
    result = create_one(*result, *assignment, options);
  }
  return result;
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

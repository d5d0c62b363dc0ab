#include "edit/image.hpp"

#include <fmt/format.h>

#include "edit/locate.hpp"
#include "edit/tree.hpp"

namespace slipway::edit {

namespace {

// An image name split into `host[:port]/path` as in the reference grammar of container registries: the part before the
// first slash is a host if it contains a dot or a colon or is `localhost`.
struct Name {
  std::string_view host, path;
};

bool is_host(std::string_view text) {
  return text == "localhost" || text.find_first_of(".:") != std::string_view::npos;
}

Name apart(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
  image = image.substr(0, colon);
  while (image.ends_with('/')) image.remove_suffix(1);
  Name name{"", image};
  const std::size_t first = image.find('/');
  if (first != std::string_view::npos && is_host(image.substr(0, first))) {
    name.host = image.substr(0, first);
    name.path = image.substr(first + 1);
  }
  if (name.path.starts_with("library/"))
    name.path.remove_prefix(std::string_view("library/").size());  // the long form of `nginx` is `library/nginx`
  return name;
}

// Text that is filled in later: by Helm and other template engines, or with a template's parameters.
bool is_template(std::string_view text) {
  for (const std::string_view sign : {"{{", "${", "$("}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

// The values beside one path, within the document the path leads to.
class Beside {
 public:
  Beside(const Tree& tree, const Path& path, std::size_t document, const std::string& file)
      : tree_(tree), path_(path), document_(document), file_(file) {}

  std::optional<Tree::Id> find(const char* key) {
    const Place place = walk(tree_, document_, path_.sibling(key), file_);
    if (place.ambiguous && !trouble_) trouble_ = place.blocked;
    const bool found = place.depth == path_.steps().size() && tree_[place.node].kind == Node::Kind::scalar;
    return found && !is_null(tree_, place.node) ? std::optional(place.node) : std::nullopt;
  }
  std::string text(const char* key) {
    const auto node = find(key);
    return node ? tree_.text(*node).value_or("") : std::string();
  }
  /// Set if a key that was looked up occurs twice.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  const Tree& tree_;
  const Path& path_;
  std::size_t document_;
  const std::string& file_;
  std::optional<Error> trouble_;
};

bool is_kustomize(const Path& path) {
  const auto* last = std::get_if<Key>(&path.steps().back());
  const auto* first = std::get_if<Key>(&path.steps().front());
  return last != nullptr &&
         (last->name == "newTag" || (last->name == "digest" && first != nullptr && first->name == "images"));
}

// The registry is a host even if it does not look like one (`registry: mirror`), or a host with a path
// (`registry.example/team`).
bool same_image(const std::string& registry, const std::string& repository, std::string_view image) {
  const std::string_view wanted = apart(image).path;
  if (registry.empty()) return apart(repository).path == wanted;
  const std::string joined = registry + "/" + repository;
  if (apart(joined).path == wanted) return true;
  return !is_host(registry.substr(0, registry.find('/'))) && apart(joined.substr(joined.find('/') + 1)).path == wanted;
}

std::string trimmed(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

std::string ImageComparison::text() const {
  switch (verdict) {
    case Verdict::nothing_declared:
      return "no repository stands beside the tag";
    case Verdict::same:
      return fmt::format("the repository beside the tag is '{}', as expected", declared);
    case Verdict::different:
      break;
  }
  return fmt::format("the repository beside the tag is '{}', but the image is '{}': is this the right file?", declared,
                     expected);
}

std::string ImageComparison::pinned_text() const {
  return fmt::format("the image is pinned to {}, which {} takes instead of the tag: write the digest too, or take it out",
                     pinned, taker);
}

Result<ImageComparison> compare_image(std::string_view document, const Path& tag_path, std::string_view image,
                                      const Options& options) {
  if (tag_path.steps().empty()) return Error("the path is empty");
  const auto tree = scan(document, options.file);
  if (!tree) return tree.error();
  ImageComparison comparison;
  comparison.expected = apart(image).path;
  if (tree->documents().empty()) return comparison;
  const auto place = locate(*tree, tag_path, options.file);
  if (!place) return place.error();
  Beside beside(*tree, tag_path, place->document, options.file);
  const bool kustomize = is_kustomize(tag_path);
  auto repository = beside.find(kustomize ? "newName" : "repository");
  if (kustomize && !repository) repository = beside.find("name");
  const std::string registry = kustomize ? "" : trimmed(beside.text("registry"));
  const auto digest = beside.find("digest");
  if (beside.trouble()) return *beside.trouble();
  if (digest && !is_template(tree->text(*digest).value_or(""))) {
    comparison.pinned = tree->text(*digest).value_or("");
    comparison.taker = kustomize ? "Kustomize" : "a chart";
    comparison.pinned_at = tree->position(*digest, options.file);
  }
  if (!repository) return comparison;
  const std::string name = tree->text(*repository).value_or("");
  comparison.declared = registry.empty() ? name : registry + "/" + name;
  comparison.where = tree->position(*repository, options.file);
  if (name.empty() || is_template(comparison.declared) || is_template(image)) return comparison;
  const bool same = same_image(registry, name, image);
  comparison.verdict = same ? ImageComparison::Verdict::same : ImageComparison::Verdict::different;
  return comparison;
}

}  // namespace slipway::edit

#include "trigger/tekton_manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace slipway::trigger {
namespace {

bool is_manifest_file(const std::filesystem::path& file) {
  const auto extension = file.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::filesystem::path>> files_below(std::span<const std::filesystem::path> directories) {
  std::vector<std::filesystem::path> files;
  for (const auto& directory : directories) {
    std::error_code ec;
    if (std::filesystem::is_regular_file(directory, ec)) {
      files.push_back(directory);
      continue;
    }
    const auto before = files.size();
    auto entries = std::filesystem::recursive_directory_iterator(directory, ec);
    for (; !ec && entries != std::filesystem::recursive_directory_iterator(); entries.increment(ec)) {
      if (entries->is_regular_file() && is_manifest_file(entries->path())) files.push_back(entries->path());
    }
    if (ec) return Error(fmt::format("cannot be read: {}", ec.message()), Position(directory.string(), 0, 0));
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

/// The name of a Secret (or of one made by an operator) that holds a login; nullopt for other manifests.
std::optional<std::string> login_name(const YAML::Node& manifest, const std::string& kind, const std::string& name) {
  const auto has_both = [&](std::initializer_list<const char*> keys) {
    const auto map = node_at(manifest, keys);
    return !node_at(map, {"username"}).IsNull() && !node_at(map, {"password"}).IsNull();
  };
  if (kind == "Secret" && (has_both({"data"}) || has_both({"stringData"}))) return name;
  if (has_both({"spec", "destination", "transformation", "templates"}))
    return text_at(manifest, {"spec", "destination", "name"});
  return std::nullopt;
}

void sort_in(const YAML::Node& manifest, const std::string& file, TektonManifests& found) {
  if (!manifest.IsMap()) return;
  const std::string kind = text_at(manifest, {"kind"}), name = text_at(manifest, {"metadata", "name"});
  if (kind == "List" || kind.ends_with("List")) {
    for (const YAML::Node& item : node_at(manifest, {"items"})) sort_in(item, file, found);
  } else if (kind == "EventListener") {
    found.listeners.push_back(manifest);
  } else if (kind == "Trigger") {
    found.triggers[name] = manifest;
  } else if (kind == "TriggerBinding" || kind == "ClusterTriggerBinding") {
    found.bindings[name] = manifest;
  } else if (kind == "TriggerTemplate") {
    found.templates[name] = manifest;
  } else if (kind == "Pipeline") {
    found.pipelines[name] = manifest;
  } else if (kind == "Task" || kind == "ClusterTask") {
    found.tasks[name] = manifest;
  } else if (kind == "ResourceQuota" && !text_at(manifest, {"spec", "hard", "requests.memory"}).empty()) {
    found.memory_quota = text_at(manifest, {"spec", "hard", "requests.memory"});
  } else if (const auto login = login_name(manifest, kind, name)) {
    found.login = login;
  } else {
    found.passed_over.push_back(fmt::format("{}: {} {}", file, kind.empty() ? "no kind" : kind, name));
  }
}

}  // namespace

YAML::Node node_at(const YAML::Node& node, std::initializer_list<const char*> keys) {
  YAML::Node at;
  at.reset(node);
  for (const char* key : keys) {
    if (!at.IsDefined() || !at.IsMap()) return YAML::Node();
    const YAML::Node& whole = at;
    const YAML::Node next = whole[key];
    if (!next) return YAML::Node();
    at.reset(next);
  }
  return at;
}

std::string text_at(const YAML::Node& node, std::initializer_list<const char*> keys) {
  const auto found = node_at(node, keys);
  return found.IsScalar() ? found.Scalar() : std::string();
}

std::vector<std::pair<std::string, YAML::Node>> named_values(const YAML::Node& list, const char* value_key) {
  std::vector<std::pair<std::string, YAML::Node>> values;
  if (!list.IsDefined() || !list.IsSequence()) return values;
  for (const YAML::Node& element : list) values.emplace_back(text_at(element, {"name"}), node_at(element, {value_key}));
  return values;
}

Result<TektonManifests> read_manifests(std::span<const std::filesystem::path> directories) {
  const auto files = files_below(directories);
  if (!files) return files.error();
  TektonManifests found;
  for (const auto& file : *files) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) return Error("cannot be read", Position(file.string(), 0, 0));
    try {
      for (const auto& manifest : YAML::LoadAll(text)) sort_in(manifest, file.string(), found);
    } catch (const YAML::Exception& broken) {  // yaml-cpp's way to report invalid input
      return Error("this is no YAML: " + broken.msg,
                   Position(file.string(), broken.mark.line + 1, broken.mark.column + 1));
    }
  }
  return found;
}

}  // namespace slipway::trigger

#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace slipway::trigger {

/// Manifests as they lie in files, by kind and name. What is no manifest, or of a kind that says nothing here, is in
/// `passed_over`.
struct TektonManifests {
  using ByName = std::map<std::string, YAML::Node>;
  std::vector<YAML::Node> listeners;
  ByName triggers, bindings, templates, pipelines, tasks;
  std::optional<std::string> memory_quota;
  std::optional<std::string> login;      ///< name of a secret with `username` and `password`
  std::vector<std::string> passed_over;  ///< `file: Kind name`
};

/// Reads every `*.yaml`, `*.yml` and `*.json` below the directories, in the order of their names. An error for a
/// directory or file that can not be read, and for one that is no YAML, with its place.
Result<TektonManifests> read_manifests(std::span<const std::filesystem::path> directories);

/// The text at a path of keys; empty where there is none or it is no scalar.
std::string text_at(const YAML::Node& node, std::initializer_list<const char*> keys);
/// The node at a path of keys; a null node where there is none.
YAML::Node node_at(const YAML::Node& node, std::initializer_list<const char*> keys);
/// `[{name, value}, …]` (or another key than `value`), in order.
std::vector<std::pair<std::string, YAML::Node>> named_values(const YAML::Node& list, const char* value_key);

}  // namespace slipway::trigger

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

/// Manifests by kind and name. Documents that are not manifests, or of an irrelevant kind, are in `passed_over`.
struct TektonManifests {
  using ByName = std::map<std::string, YAML::Node>;
  std::vector<YAML::Node> listeners;
  ByName triggers, bindings, templates, pipelines, tasks;
  std::optional<std::string> memory_quota;
  std::optional<std::string> login;      ///< name of a secret that has `username` and `password`
  std::vector<std::string> passed_over;  ///< `file: Kind name`
};

/// Reads every `*.yaml`, `*.yml` and `*.json` below the directories, ordered by name. An error, with its position, for
/// a directory or file that cannot be read or a file that is not YAML.
Result<TektonManifests> read_manifests(std::span<const std::filesystem::path> directories);

/// The text at a path of keys; empty if it is missing or not a scalar.
std::string text_at(const YAML::Node& node, std::initializer_list<const char*> keys);
/// The node at a path of keys; a null node if there is none.
YAML::Node node_at(const YAML::Node& node, std::initializer_list<const char*> keys);
/// The entries of `[{name, value}, …]` in order; `value_key` names the key used for `value`.
std::vector<std::pair<std::string, YAML::Node>> named_values(const YAML::Node& list, const char* value_key);

}  // namespace slipway::trigger

#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/reader.hpp"
#include "config/shape.hpp"
#include "model/run.hpp"
#include "model/settings.hpp"
#include "model/template.hpp"

namespace slipway::config {

// The configuration as written, before templates are merged with pipelines and filters are compiled.

struct OverlayDraft {
  Located key, expression;
};

struct InterceptorDraft {
  Located filter;
  std::vector<OverlayDraft> overlays;
};

/// Either `ref`, the name of a set in `bindings`, or `name` and `value`.
struct BindingDraft {
  Located ref, name, value;
};

struct BindingSetDraft {
  Located name;
  Parameters params;
};

struct TriggerDraft {
  Located name, template_name, filter;
  std::vector<Located> repositories, paths;
  std::vector<OverlayDraft> overlays;
  std::vector<InterceptorDraft> interceptors;
  std::vector<BindingDraft> bindings;
};

/// A template: its own keys, and in `merged` the result of applying it to its pipeline.
struct TemplateDraft {
  Located name, pipeline, repository;
  Parameters params;
  Template merged;
};

struct ParameterDraft {
  Located name;
  std::optional<std::string> default_value;
  std::string description;
};

/// A pipeline's head; its stages are read once per template, with that template's parameters.
struct PipelineDraft {
  Located name;
  std::string description;
  std::vector<ParameterDraft> params;
  Template merged;  ///< from the stages
  std::vector<Stage> stages;
};

/// The whole file.
struct Draft {
  Settings settings;
  std::map<std::string, std::string> secrets;
  std::optional<std::filesystem::path> pipelines_dir;
  YAML::Node path_sets, bindings, triggers, templates, pipelines;
};

const Shape<Draft>& root_shape();
const Shape<BindingSetDraft>& binding_set_shape();
const Shape<TriggerDraft>& trigger_shape();
const Shape<TemplateDraft>& template_shape();
const Shape<PipelineDraft>& pipeline_shape();

}  // namespace slipway::config

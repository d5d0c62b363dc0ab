#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "trigger/tekton_manifests.hpp"

namespace slipway::trigger {

/// The PipelineRun of a TriggerTemplate, in slipway's terms.
struct TektonTemplate {
  std::string pipeline;
  std::string app;
  std::vector<std::pair<std::string, std::string>> params, defaults;
  bool hands_off = true;
  std::string timeout;
  bool delete_on_success = false;
  std::string docker_secret;
  std::vector<std::string> notes;
  std::set<std::string> parameters;  ///< names of the `$(tt.params.…)` that decide what is built
};
/// `known`: parameters of the TriggerTemplate whose values are put in.
TektonTemplate read_template(const YAML::Node& trigger_template, const TektonManifests& manifests,
                             const std::map<std::string, std::string>& known = {});

/// A Pipeline with a build task (parameters IMAGE, CONTEXT, DOCKERFILE) and an update task (VALUES_FILE_PATH), as a slipway pipeline.
struct TektonPipeline {
  std::string text;      ///< an element of `pipelines:`
  std::string registry;  ///< the host its images begin with
};
TektonPipeline read_pipeline(const YAML::Node& pipeline, const TektonManifests& manifests);

/// The default of GIT_REPO_URL in the task that updates values; empty if no manifest has one.
std::string infra_repository(const TektonManifests& manifests);

}  // namespace slipway::trigger

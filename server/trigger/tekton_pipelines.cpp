#include "trigger/tekton_pipelines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/references.hpp"
#include "config/yaml_text.hpp"

namespace slipway::trigger {
namespace {

using config::yaml_scalar;
using Values = std::map<std::string, std::string>;

/// Parameters whose values slipway knows by itself.
bool is_known_anyway(const std::string& name) {
  return name == "git-url" || name == "git-revision" || name == "git-branch";
}

/// The parameters of one task of a pipeline; lists joined by spaces.
Values task_values(const YAML::Node& task) {
  Values values;
  for (const auto& [name, value] : named_values(node_at(task, {"params"}), "value")) {
    std::string text = value.IsScalar() ? value.Scalar() : "";
    for (const YAML::Node& item : value) {
      if (item.IsScalar()) text += (text.empty() ? "" : " ") + item.Scalar();
    }
    values[name] = text;
  }
  return values;
}

/// The parts of a pipeline's tasks that matter here.
struct Tasks {
  Values build, update;
  YAML::Node update_when;
  std::string update_task;
  std::vector<std::string> others;
};

Tasks tasks_of(const YAML::Node& pipeline) {
  Tasks tasks;
  for (const YAML::Node& task : node_at(pipeline, {"spec", "tasks"})) {
    const auto values = task_values(task);
    if (values.contains("VALUES_FILE_PATH")) {
      tasks.update = values;
      tasks.update_when.reset(node_at(task, {"when"}));
      tasks.update_task = text_at(task, {"taskRef", "name"});
    } else if (values.contains("IMAGE")) {
      tasks.build = values;
    } else {
      tasks.others.push_back(fmt::format("task {} ({})", text_at(task, {"name"}), text_at(task, {"taskRef", "name"})));
    }
  }
  for (const YAML::Node& task : node_at(pipeline, {"spec", "finally"}))
    tasks.others.push_back(fmt::format("finally {}", text_at(task, {"name"})));
  return tasks;
}

/// A task parameter: the pipeline's value, or else the Task's own default.
std::string value_of(const Values& values, const std::string& name, const std::string& task,
                     const TektonManifests& manifests) {
  if (const auto found = values.find(name); found != values.end()) return found->second;
  const auto manifest = manifests.tasks.find(task);
  if (manifest == manifests.tasks.end()) return {};
  for (const auto& [param, fallback] : named_values(node_at(manifest->second, {"spec", "params"}), "default")) {
    if (param == name && fallback.IsScalar()) return fallback.Scalar();
  }
  return {};
}

std::string put_in(const std::string& text, const Values& params, std::string_view prefix = "params.") {
  return config::replace_references(text, [&](std::string_view name) -> std::optional<std::string> {
    if (!name.starts_with(prefix)) return std::nullopt;
    const auto found = params.find(std::string(name.substr(prefix.size())));
    return found == params.end() ? std::nullopt : std::optional(found->second);
  });
}

/// Evaluates `when` as far as it is `in` and `notin` over parameters: all that is known before a run begins.
bool holds(const YAML::Node& when, const Values& params) {
  for (const YAML::Node& condition : when) {
    const std::string input = put_in(text_at(condition, {"input"}), params);
    bool found = false;
    for (const YAML::Node& value : node_at(condition, {"values"}))
      found = found || (value.IsScalar() && put_in(value.Scalar(), params) == input);
    if (found == (text_at(condition, {"operator"}) == "notin")) return false;
  }
  return true;
}

/// Splits the host off `host/rest`: returns it and removes it from `image`; empty if the first part is not a host.
std::string take_registry(std::string& image) {
  const auto slash = image.find('/');
  const std::string host = image.substr(0, slash);
  if (slash == std::string::npos || host.find_first_of(".:") == std::string::npos) return {};
  image.erase(0, slash + 1);
  return host;
}

std::string values_path(const Tasks& tasks, const TektonManifests& manifests) {
  std::string path = value_of(tasks.update, "YQ_PATH", tasks.update_task, manifests);
  if (path.empty()) path = value_of(tasks.update, "KEY_PATH", tasks.update_task, manifests);
  return path;
}

/// Names of the `$(params.x)` references in texts that are carried over.
std::set<std::string> used_parameters(const std::vector<std::string>& texts, std::string_view prefix = "params.") {
  std::set<std::string> names;
  for (const auto& text : texts) {
    for (const auto& reference : config::references_in(text)) {
      if (reference.starts_with(prefix)) names.insert(reference.substr(prefix.size()));
    }
  }
  return names;
}

struct Carried {
  std::string context, dockerfile, image, registry, file, path;
  std::set<std::string> parameters;
};

Carried carry(const Tasks& tasks, const TektonManifests& manifests) {
  const auto of_build = [&](const char* name, const char* fallback) {
    const auto found = tasks.build.find(name);
    return found == tasks.build.end() || found->second.empty() ? std::string(fallback) : found->second;
  };
  Carried carried;
  carried.context = of_build("CONTEXT", ".");
  carried.dockerfile = of_build("DOCKERFILE", "Dockerfile");
  carried.image = of_build("IMAGE", "$(APP)");
  carried.registry = take_registry(carried.image);
  const auto file = tasks.update.find("VALUES_FILE_PATH");
  if (file != tasks.update.end()) carried.file = file->second;
  carried.path = values_path(tasks, manifests);
  if (carried.path.empty()) carried.path = ".image.tag";
  carried.parameters =
      used_parameters({carried.context, carried.dockerfile, carried.image, carried.file, carried.path});
  return carried;
}

}  // namespace

TektonPipeline read_pipeline(const YAML::Node& pipeline, const TektonManifests& manifests) {
  const Tasks tasks = tasks_of(pipeline);
  const Carried carried = carry(tasks, manifests);
  TektonPipeline read;
  read.registry = carried.registry;
  std::string& text = read.text;
  for (const auto& other : tasks.others) text += fmt::format("  # NOT CARRIED OVER: {}; a `check` stage may do it\n", other);
  if (const auto arguments = tasks.build.find("BUILD_ARGS");
      arguments != tasks.build.end() && !arguments->second.empty()) {
    text += fmt::format("  # BUILD_ARGS {} was one string: write `arguments: [NAME=value]` under build\n",
                        arguments->second);
  }
  text += fmt::format("  - name: {}\n", yaml_scalar(text_at(pipeline, {"metadata", "name"})));
  if (const auto description = text_at(pipeline, {"spec", "description"}); !description.empty())
    text += fmt::format("    description: {}\n", yaml_scalar(description));
  std::string params;
  for (const YAML::Node& param : node_at(pipeline, {"spec", "params"})) {
    const std::string name = text_at(param, {"name"});
    if (!carried.parameters.contains(name)) continue;
    params += fmt::format("      - name: {}\n", yaml_scalar(name));
    if (const auto description = text_at(param, {"description"}); !description.empty())
      params += fmt::format("        description: {}\n", yaml_scalar(description));
    if (const auto fallback = node_at(param, {"default"}); fallback.IsScalar())
      params += fmt::format("        default: {}\n", yaml_scalar(fallback.Scalar()));
  }
  if (!params.empty()) text += "    params:\n" + params;
  text += fmt::format(
      "    stages:\n      - checkout: {{}}  # the pushed commit, never the branch's tip\n      - build:\n          "
      "context: {}\n          dockerfile: {}\n          image: {}\n",
      yaml_scalar(carried.context), yaml_scalar(carried.dockerfile), yaml_scalar(carried.image));
  if (tasks.update.empty()) return read;
  text += "      - handoff:\n          values:\n";
  if (values_path(tasks, manifests).empty())
    text += "            # the old task set every key `tag` of the file: check the path\n";
  text += fmt::format("            - file: {}\n              path: {}\n", yaml_scalar(carried.file),
                      yaml_scalar(carried.path));
  return read;
}

TektonTemplate read_template(const YAML::Node& trigger_template, const TektonManifests& manifests, const Values& known) {
  TektonTemplate read;
  for (const auto& [name, value] : named_values(node_at(trigger_template, {"spec", "params"}), "default")) {
    if (value.IsScalar()) read.defaults.emplace_back(name, value.Scalar());
  }
  const auto resources = node_at(trigger_template, {"spec", "resourcetemplates"});
  YAML::Node run;
  for (const YAML::Node& resource : resources) {
    const std::string kind = text_at(resource, {"kind"});
    if (kind == "PipelineRun" && run.IsNull())
      run.reset(resource);
    else
      read.notes.push_back(fmt::format("NOT CARRIED OVER: a further {} of this TriggerTemplate", kind));
  }
  read.pipeline = text_at(run, {"spec", "pipelineRef", "name"});
  read.timeout = text_at(run, {"spec", "timeouts", "pipeline"});
  if (read.timeout.empty()) read.timeout = text_at(run, {"spec", "timeout"});
  read.delete_on_success = text_at(run, {"spec", "onSuccessfulCompletion"}) == "delete";
  for (const YAML::Node& workspace : node_at(run, {"spec", "workspaces"})) {
    if (const auto secret = text_at(workspace, {"secret", "secretName"}); !secret.empty()) read.docker_secret = secret;
  }

  Values all;
  const auto found = manifests.pipelines.find(read.pipeline);
  YAML::Node pipeline;
  if (found != manifests.pipelines.end()) pipeline.reset(found->second);
  for (const auto& [name, value] : named_values(node_at(pipeline, {"spec", "params"}), "default")) {
    if (value.IsScalar()) all[name] = value.Scalar();
  }
  const Tasks tasks = tasks_of(pipeline);
  const Carried carried = carry(tasks, manifests);
  for (const auto& [name, value] : named_values(node_at(run, {"spec", "params"}), "value")) {
    all[name] = put_in(value.IsScalar() ? value.Scalar() : "", known, "tt.params.");
    const bool is_carried = carried.parameters.contains(name) || (found == manifests.pipelines.end() && !is_known_anyway(name));
    if (is_carried) read.params.emplace_back(name, all[name]);
    if (name == "git-revision" && all[name].find("branch") != std::string::npos) {
      read.notes.push_back("the original builds the branch's tip; slipway builds the pushed commit");
    }
    const bool used = is_carried || is_known_anyway(name) || name == "update-values";
    if (!used && !all[name].empty())
      read.notes.push_back(fmt::format("the parameter {} = {} is not carried over", name, all[name]));
  }
  if (const auto app = tasks.update.find("APP_NAME"); app != tasks.update.end()) read.app = put_in(app->second, all);
  read.hands_off = tasks.update.empty() || holds(tasks.update_when, all);
  std::vector<std::string> deciding{read.app};
  for (const auto& [name, value] : read.params) deciding.push_back(value);
  for (const YAML::Node& condition : tasks.update_when) deciding.push_back(put_in(text_at(condition, {"input"}), all));
  read.parameters = used_parameters(deciding, "tt.params.");
  return read;
}

std::string infra_repository(const TektonManifests& manifests) {
  for (const auto& [name, task] : manifests.tasks) {
    for (const auto& [param, fallback] : named_values(node_at(task, {"spec", "params"}), "default")) {
      if (param == "GIT_REPO_URL" && fallback.IsScalar() && fallback.Scalar().find("://") != std::string::npos)
        return fallback.Scalar();
    }
  }
  return {};
}

}  // namespace slipway::trigger

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/paths.hpp"
#include "model/run.hpp"
#include "model/settings.hpp"
#include "model/template.hpp"

namespace slipway::cel {
class Program;
}

namespace slipway::config {

/// `extensions.<key>`, computed by an expression. A dotted key creates nested objects.
struct Overlay {
  Overlay() = default;
  std::string key;
  std::shared_ptr<const cel::Program> expression;
  std::string text;
};

/// One step of a trigger's chain. Overlays are computed only if the filter passed, each from the state before the step.
struct Interceptor {
  Interceptor() = default;
  std::shared_ptr<const cel::Program> filter;  ///< null: passes
  std::string text;                            ///< the filter as written
  std::vector<Overlay> overlays;
};

/// A parameter and the source of its value: text with `$(body.…)`, `$(header.…)`, `$(extensions.…)`, `$(git.url)`.
struct Binding {
  Binding() = default;
  Binding(std::string parameter, std::string text) : name(std::move(parameter)), value(std::move(text)) {}
  std::string name;
  std::string value;
  bool operator==(const Binding&) const = default;
};

/// Which pushes start a run of which template.
struct Trigger {
  Trigger() = default;
  std::string name;
  TemplateName template_name;
  RepositoryPattern pinned;                     ///< the template's repository
  std::vector<RepositoryPattern> repositories;  ///< empty: any that the template allows
  PathRules paths;                              ///< empty: any file, or none at all
  std::vector<Interceptor> interceptors;        ///< the trigger's own `filter` and `overlays` come first
  std::vector<Binding> bindings;                ///< names are unique; standard ones first
};

/// The parameters that every run has, whatever its trigger binds: git-url, git-revision, git-branch, repo-name, repo-full-name.
const std::vector<Binding>& standard_bindings();

/// A pipeline's parameter; if it has no default, the template must provide a value.
struct PipelineParameter {
  PipelineParameter() = default;
  std::string name;
  std::optional<std::string> default_value;
  std::string description;
};

/// A pipeline as written in its file, for `get pipelines`.
struct Pipeline {
  Pipeline() = default;
  PipelineName name;
  std::string description;
  std::vector<PipelineParameter> parameters;
  std::vector<Stage> stages;
  std::string source;  ///< the YAML text
  std::string file;    ///< the file it was read from
};

/// Templates, triggers and pipelines, merged and compiled. Immutable, thread-safe.
class Catalogue {
 public:
  Catalogue(std::vector<Template> templates, std::vector<Trigger> triggers, std::vector<Pipeline> pipelines,
            const Settings& settings);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  const std::vector<Template>& templates() const noexcept { return templates_; }
  const std::vector<Trigger>& triggers() const noexcept { return triggers_; }
  const std::vector<Pipeline>& pipelines() const noexcept { return pipelines_; }

  const Template* find(const TemplateName& name) const noexcept;
  /// True if some trigger may fire for a push to this repository, so that its branch is worth watching.
  bool watches(const RepoName& repository) const noexcept;
  /// The repositories that triggers and templates name exactly (`Org/*` names none); distinct and sorted.
  std::vector<RepoName> watched_repositories() const;

  /// The template with references resolved: `$(tt.params.x)` from the run's parameters or else the template's defaults,
  /// then values known to the run: `$(COMMIT_SHA)`, `$(IMAGE_TAG)`, `$(REPO)`, `$(REPO_NAME)`, `$(BRANCH)`,
  /// `$(RUN_ID)`, `$(APP)`. References known only after the build are kept: `$(IMAGE_DIGEST)`, and `$(IMAGE)` and
  /// `$(IMAGE_TAG)` in hand-off values. An error for an unknown template, a parameter without a value, or a path that
  /// would leave the repository.
  Result<Template> resolve(const Run& run) const;
  /// The same for a run that does not exist yet (`slipway explain`).
  Result<Template> resolve(const RunRequest& request, const Push& push) const;

  bool complete_commits() const noexcept { return complete_commits_; }
  /// The identities of hand-off commits.
  const Identity& author() const noexcept { return author_; }
  const Identity& committer() const noexcept { return committer_; }
  /// `<base>/<org>/<name>.git`, from the configuration, never from a payload.
  std::string git_url(const RepoName& repository) const;

 private:
  std::vector<Template> templates_;
  std::vector<Trigger> triggers_;
  std::vector<Pipeline> pipelines_;
  std::string git_base_;
  bool complete_commits_ = true;
  Identity author_, committer_;
};

}  // namespace slipway::config

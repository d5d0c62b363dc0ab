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

/// `extensions.<key>`, computed by an expression. A dotted key makes nested objects.
struct Overlay {
  Overlay() = default;
  std::string key;
  std::shared_ptr<const cel::Program> expression;
  std::string text;
};

/// One step of a trigger's chain: overlays are computed only where the filter passed, each from what was there before
/// the step.
struct Interceptor {
  Interceptor() = default;
  std::shared_ptr<const cel::Program> filter;  ///< none: passes
  std::string text;                            ///< the filter as written
  std::vector<Overlay> overlays;
};

/// A parameter and where its value comes from: text with `$(body.…)`, `$(header.…)`, `$(extensions.…)`, `$(git.url)`.
struct Binding {
  Binding() = default;
  Binding(std::string parameter, std::string text) : name(std::move(parameter)), value(std::move(text)) {}
  std::string name;
  std::string value;
  bool operator==(const Binding&) const = default;
};

/// Which pushes make a run of which template.
struct Trigger {
  Trigger() = default;
  std::string name;
  TemplateName template_name;
  RepositoryPattern pinned;                     ///< the template's repository
  std::vector<RepositoryPattern> repositories;  ///< empty: any that the template allows
  PathRules paths;                              ///< empty: any file, also none
  std::vector<Interceptor> interceptors;        ///< `filter` and `overlays` of the trigger itself are the first
  std::vector<Binding> bindings;                ///< each name once, the standard ones first
};

/// The parameters that every run has, whatever its trigger binds: git-url, git-revision, git-branch, repo-name,
/// repo-full-name.
const std::vector<Binding>& standard_bindings();

/// A pipeline's parameter; one without a default has to be given by the template.
struct PipelineParameter {
  PipelineParameter() = default;
  std::string name;
  std::optional<std::string> default_value;
  std::string description;
};

/// A pipeline as data: what its file says, for `get pipelines`.
struct Pipeline {
  Pipeline() = default;
  PipelineName name;
  std::string description;
  std::vector<PipelineParameter> parameters;
  std::vector<Stage> stages;
  std::string source;  ///< the YAML text
  std::string file;    ///< where it was read
};

/// Templates, triggers and pipelines, merged and compiled. Immutable, usable from any thread.
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
  /// True where some trigger may fire for a push to this repository, so that its branch is worth watching.
  bool watches(const RepoName& repository) const noexcept;
  /// The repositories that triggers and templates name outright (`Org/*` names none), each once, sorted.
  std::vector<RepoName> watched_repositories() const;

  /// The template with every reference put in: `$(tt.params.x)` from the run's parameters or the template's defaults,
  /// then what the run knows, `$(COMMIT_SHA)`, `$(IMAGE_TAG)`, `$(REPO)`, `$(REPO_NAME)`, `$(BRANCH)`, `$(RUN_ID)`,
  /// `$(APP)`. What only the build can tell, `$(IMAGE_DIGEST)`, and `$(IMAGE)`, `$(IMAGE_TAG)` in hand-off values,
  /// stay. An error for an unknown template, a parameter without a value, or a path that would leave the repository.
  Result<Template> resolve(const Run& run) const;
  /// The same for a run that does not exist yet (`slipway explain`).
  Result<Template> resolve(const RunRequest& request, const Push& push) const;

  bool complete_commits() const noexcept { return complete_commits_; }
  /// Who hand-off commits are by.
  const Identity& author() const noexcept { return author_; }
  const Identity& committer() const noexcept { return committer_; }
  /// `<base>/<org>/<name>.git`, from the configuration and never from a payload.
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

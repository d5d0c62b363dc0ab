#include "config/codecs.hpp"
#include "config/drafts.hpp"
#include "config/settings_keys.hpp"

namespace slipway::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Codec<bool> on_success() {
  return one_of<bool>({{"keep", false}, {"delete", true}});
}

Codec<std::vector<SecretMount>> secret_names() {
  auto read = [names = list(some_text()).read](Reader& in, const YAML::Node& node, std::vector<SecretMount>& value) {
    std::vector<std::string> wanted;
    names(in, node, wanted);
    value.clear();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      SecretMount mount;
      mount.id = wanted[i];
      if (in.secrets() != nullptr) {
        std::vector<std::string> known;
        for (const auto& [name, file] : *in.secrets()) known.push_back(name);
        const auto found = in.secrets()->find(wanted[i]);
        if (found == in.secrets()->end()) {
          in.fail(node[i], fmt::format("the configuration's `secrets` have no '{}'{}", printable(wanted[i], 60),
                                       did_you_mean(wanted[i], known)));
          continue;
        }
        mount.file = found->second;
      }
      value.push_back(std::move(mount));
    }
  };
  return Codec<std::vector<SecretMount>>{
      "list of names of `secrets`", R"({"type":["array","null"],"items":{"type":"string"}})", read, nullptr, nullptr};
}

const Shape<BuildSpec>& checkout_shape() {
  static const auto shape = Shape<BuildSpec>("checkout", "How the pushed commit is checked out.")
                                .key("submodules", &BuildSpec::submodules, boolean(), "Check submodules out as well, nested ones too: from the configured Git server, and from no other.")
                                .key("lfs", &BuildSpec::lfs, boolean(), "Fetch what Git LFS pointers in the context stand for, with git-lfs; without it a pointer there fails the run.");
  return shape;
}

const Shape<Check>& check_shape() {
  using S = Check;
  static const auto shape =
      Shape<S>("check",
               "A command that is run in an image over the checked-out source, before the build. `check: off` leaves "
               "it out.")
          .key("name", &S::name, some_text(), "Shown on the run.")
          .key("image", &S::image, text(), "The image that the command runs in.")
          .key("command", &S::command, list(text()), "Program and arguments; never a shell string.")
          .key("prepare", &S::prepare, list(list(text())),
               "Commands that are run before it, each a list: to install what it needs.")
          .key("mode", &S::mode,
               one_of<CheckMode>({{"blocking", CheckMode::blocking}, {"informational", CheckMode::informational}}),
               "A failure ends the run, or is only recorded.")
          .key("timeout", &S::timeout, duration<seconds>(seconds(1), hours(24)), "Ended by then, it has failed.")
          .key("caches", &S::caches, list(some_text()), "Folders in the check's home that are kept between runs.")
          .key("reports", &S::reports, list(some_text()), "Globs of JUnit XML files below the context.")
          .key("environment", &S::environment, assignments(false), "Variables.");
  return shape;
}

Codec<std::optional<Check>> check_section() {
  auto codec = maybe(object(check_shape()));
  codec.schema = R"({"anyOf":[{"enum":["off",false]},{"$ref":"#/definitions/check"}]})";
  codec.read = [present = codec.read](Reader& in, const YAML::Node& node, std::optional<Check>& value) {
    if (node.IsScalar() && (node.Scalar() == "off" || node.Scalar() == "false")) return value.reset();
    present(in, node, value);
  };
  return codec;
}

const Shape<BuildSpec>& build_shape() {
  using S = BuildSpec;
  static const auto shape =
      Shape<S>("build", "How the image is built.")
          .key("context", &S::context, some_text(), "Folder in the repository.")
          .key("dockerfile", &S::dockerfile, some_text(),
               "Relative to the context, or to the repository when it begins with `/`.")
          .key("image", &S::image, some_text(), "Name below the registry's host.")
          .key("arguments", &S::arguments, assignments(true), "Build arguments.")
          .key("target", &S::target, text(), "Stage of the Dockerfile to stop at.")
          .key("platforms", &S::platforms, list(some_text()), "For example `linux/arm64`; none: the host's.")
          .key("environment", &S::environment, assignments(false), "Variables of the builder.")
          .key("secrets", &S::secrets, secret_names(), "What the build may mount: `RUN --mount=type=secret,id=NAME`.");
  return shape;
}

const Shape<ValuesEdit>& values_shape() {
  using S = ValuesEdit;
  static const auto shape = Shape<S>("values", "One value that a hand-off writes.")
                                .required("file", &S::file, text(), "File in the infra repository.")
                                .required("path", &S::path, some_text(),
                                          "Path of the key in it: `common.image.tag`, `images[name=web].newTag`.")
                                .key("value", &S::value, some_text(), "What is written.")
                                .key("create", &S::create, boolean(), "Add the key where it is missing.")
                                .key("follow_alias", &S::follow_alias, boolean(),
                                     "Where the path leads through an alias or a merge key, change it for all who use it.");
  return shape;
}

const Shape<Template>& handoff_stage_shape() {
  using S = Template;
  static const auto shape =
      Shape<S>("handoff_stage", "What is written into the infra repository.")
          .key("values", &S::values, list(object(values_shape())), "Values to write.")
          .key("guard", &S::guard, one_of<Guard>({{"error", Guard::error}, {"warn", Guard::warn}, {"off", Guard::off}}),
               "What happens where another image's name stands beside the tag.")
          .key("image", &S::guard_image, text(),
               "The name that has to stand beside the tag, where it is not the built image's.");
  return shape;
}

const Shape<Resources>& resources_shape() {
  using S = Resources;
  static const auto shape =
      Shape<S>("resources", "Requests and limits of a run's builder; none: BestEffort.")
          .key("memory", &S::memory_request, maybe(size(1)), "Requested memory, counted against `queue.memory_budget`.")
          .key("memory_limit", &S::memory_limit, maybe(size(1)),
               "More is never used; without `memory` it is the request as well.")
          .key("cpu", &S::cpu_request, maybe(cpu()), "Requested cores.")
          .key("cpu_limit", &S::cpu_limit, maybe(cpu()), "Cores at most.");
  return shape;
}

Codec<std::filesystem::path> folder() {
  auto codec = path(false);  // its reader reports whether it can be read
  codec.type = "folder";
  return codec;
}

template <class T>
T& identity(T& whole) {
  return whole;
}

/// The stages of a pipeline: a list of single-key mappings, in execution order.
Codec<PipelineDraft> stages() {
  auto read = [](Reader& in, const YAML::Node& node, PipelineDraft& pipeline) {
    if (!node.IsSequence()) return in.fail(node, "expected a list of stages: checkout, check, build, handoff");
    for (const YAML::Node& element : node) {
      if (!element.IsMap() || element.size() != 1) {
        in.fail(element, "expected one stage: a mapping with one of the keys checkout, check, build, handoff");
        continue;
      }
      const YAML::Node key = element.begin()->first, value = element.begin()->second;
      const auto stage = stage_from(key.IsScalar() ? key.Scalar() : "");
      if (!stage) {
        const std::vector<std::string> known{"checkout", "check", "build", "handoff"};
        in.fail(key, fmt::format("there is no stage '{}'{}", printable(key.Scalar(), 40),
                                 did_you_mean(key.Scalar(), known)));
        continue;
      }
      if (!pipeline.stages.empty() && *stage <= pipeline.stages.back()) {
        in.fail(key, "stages run in the order checkout, check, build, handoff, each once");
      }
      pipeline.stages.push_back(*stage);
      Template& merged = pipeline.merged;
      if (*stage == Stage::checkout) object(checkout_shape()).read(in, value, merged.build);
      if (*stage == Stage::check) check_section().read(in, value, merged.check);
      if (*stage == Stage::build) object(build_shape()).read(in, value, merged.build);
      if (*stage == Stage::handoff) object(handoff_stage_shape()).read(in, value, merged);
    }
  };
  // The schema of the stages is that of the sections a template may override.
  static const auto sections = [] {
    return Shape<PipelineDraft>("stage", "One stage of a pipeline.")
        .add<BuildSpec>("checkout", object(checkout_shape()), "Check the pushed commit out.",
                        [](PipelineDraft& p) -> BuildSpec& { return p.merged.build; })
        .add<std::optional<Check>>("check", check_section(), "Check the source.",
                                   [](PipelineDraft& p) -> std::optional<Check>& { return p.merged.check; })
        .add<BuildSpec>("build", object(build_shape()), "Build the image and push it.",
                        [](PipelineDraft& p) -> BuildSpec& { return p.merged.build; })
        .add<Template>("handoff", object(handoff_stage_shape()), "Write the tag into the infra repository.",
                       [](PipelineDraft& p) -> Template& { return p.merged; })
        .info();
  }();
  return Codec<PipelineDraft>{"list of stages", R"({"type":"array","items":{"$ref":"#/definitions/stage"}})", read,
                              nullptr, sections};
}

const Shape<ParameterDraft>& parameter_shape() {
  using S = ParameterDraft;
  static const auto shape =
      Shape<S>("parameter", "A parameter of a pipeline.")
          .required("name", &S::name, located_text("text"), "Its name, used as `$(params.NAME)`.")
          .key("default", &S::default_value, maybe(text()), "Without one, a template has to give it.")
          .key("description", &S::description, text(), "For a person.");
  return shape;
}

const Shape<OverlayDraft>& overlay_shape() {
  static const auto shape =
      Shape<OverlayDraft>("overlay", "A value computed from the delivery, for later filters and for bindings.")
          .required("key", &OverlayDraft::key, located_text("text"), "It becomes `extensions.<key>`.")
          .required("expression", &OverlayDraft::expression, located_text("CEL"), "What computes it.");
  return shape;
}

const Shape<InterceptorDraft>& interceptor_shape() {
  static const auto shape =
      Shape<InterceptorDraft>("interceptor", "One step of a trigger's chain.")
          .key("filter", &InterceptorDraft::filter, located_text("CEL"), "Has to be true for the chain to go on.")
          .key("overlays", &InterceptorDraft::overlays, list(object(overlay_shape())),
               "Computed where the filter passed.");
  return shape;
}

const Shape<BindingDraft>& binding_shape() {
  static const auto shape =
      Shape<BindingDraft>("binding", "Either `ref`, or `name` and `value`.")
          .key("ref", &BindingDraft::ref, located_text("text"), "A set of `bindings`.")
          .key("name", &BindingDraft::name, located_text("text"), "A parameter.")
          .key("value", &BindingDraft::value, located_text("text"),
               "Its value, with `$(body.…)`, `$(header.…)`, `$(extensions.…)`, `$(git.url)`, `$(git.branch)`.");
  return shape;
}

}  // namespace

const Shape<BindingSetDraft>& binding_set_shape() {
  static const auto shape =
      Shape<BindingSetDraft>("binding_set", "Parameters that several triggers fill in the same way.")
          .required("name", &BindingSetDraft::name, located_text("text"), "Named by a trigger's `bindings`.")
          .required("params", &BindingSetDraft::params, parameters(),
                    "Parameter to value, as in a trigger's `bindings`.");
  return shape;
}

const Shape<TriggerDraft>& trigger_shape() {
  using S = TriggerDraft;
  static const auto shape =
      Shape<S>("trigger", "Which pushes make a run of which template. All conditions given have to hold.")
          .required("name", &S::name, located_text("text"), "Unique.")
          .required("template", &S::template_name, located_text("text"),
                    "What is run. Triggers of one template bind alike.")
          .key("repositories", &S::repositories, list(located_text("repository")),
               "`Organisation/name`, `Organisation/*`, `*/name` or `*`; none: those that the template allows.")
          .key("paths", &S::paths, list(located_text("path")),
               "A changed file has to be in one: folder, file or glob, `!` excludes, `$name` is a set of `path_sets`.")
          .key("filter", &S::filter, located_text("CEL"), "An expression that has to be true.")
          .key("overlays", &S::overlays, list(object(overlay_shape())), "Computed where the filter passed.")
          .key("interceptors", &S::interceptors, list(object(interceptor_shape())), "Further steps, in order.")
          .key("bindings", &S::bindings, list(object(binding_shape())),
               "Parameters of the run, beside those that every run has.");
  return shape;
}

const Shape<TemplateDraft>& template_shape() {
  using S = TemplateDraft;
  const auto at = [](auto Template::*member) {
    return [member](S & draft) -> auto& {
      return draft.merged.*member;
    };
  };
  static const auto shape =
      Shape<S>("template", "What is built from one repository, and where its tag goes.")
          .required("name", &S::name, located_text("text"), "Unique.")
          .required("pipeline", &S::pipeline, located_text("text"), "The pipeline that it goes through.")
          .required("repository", &S::repository, located_text("repository"),
                    "The only repository that it builds, `Organisation/name`; a `*` on either side stands for any.")
          .add<std::string>("app", some_text(), "The application's name; default: the repository's.",
                            at(&Template::app))
          .key("params", &S::params, parameters(), "Values of the pipeline's parameters.")
          .add<Parameters>("defaults", parameters(), "Values of `$(tt.params.NAME)` that no binding gives.",
                           at(&Template::defaults))
          .add<BuildSpec>("checkout", object(checkout_shape()), "Set anew over the pipeline's stage.",
                          at(&Template::build))
          .add<std::optional<Check>>("check", check_section(), "Set anew over the pipeline's stage.",
                                     at(&Template::check))
          .add<BuildSpec>("build", object(build_shape()), "Set anew over the pipeline's stage.", at(&Template::build))
          .add<Template>("handoff", object(handoff_stage_shape()), "Set anew over the pipeline's stage.",
                         [](S& draft) -> Template& { return draft.merged; })
          .add<Resources>("resources", object(resources_shape()), "Requests and limits; default: the pipeline's.",
                          at(&Template::resources))
          .add<std::chrono::seconds>("timeout", duration<seconds>(seconds(1), hours(24)),
                                     "Of the whole run; default: the pipeline's.", at(&Template::timeout))
          .add<std::int64_t>("priority", whole<std::int64_t>(-1000, 1000), "Higher goes first.",
                             at(&Template::priority))
          .add<int>("concurrency", whole<int>(1, 100), "Runs of this template at once.", at(&Template::concurrency))
          .add<OnNewer>("on_newer", one_of<OnNewer>({{"finish", OnNewer::finish}, {"cancel", OnNewer::cancel}}),
                        "What a running run does when a later push matches.", at(&Template::on_newer))
          .add<OnManualRevert>(
              "on_manual_revert",
              one_of<OnManualRevert>({{"hold", OnManualRevert::hold}, {"overwrite", OnManualRevert::overwrite}}),
              "What happens after somebody reverted a hand-off by hand.", at(&Template::on_manual_revert))
          .add<bool>("on_success", on_success(), "Whether a succeeded run is kept.", at(&Template::delete_on_success));
  return shape;
}

const Shape<PipelineDraft>& pipeline_shape() {
  using S = PipelineDraft;
  static const auto shape =
      Shape<S>("pipeline", "Stages as data, with parameters.")
          .required("name", &S::name, located_text("text"), "Unique.")
          .key("description", &S::description, text(), "For a person.")
          .key("params", &S::params, list(object(parameter_shape())), "What a template may give.")
          .add<std::chrono::seconds>(
              "timeout", duration<seconds>(seconds(1), hours(24)), "Of the whole run.",
              [](S & d) -> auto& { return d.merged.timeout; })
          .add<Resources>(
              "resources", object(resources_shape()), "Requests and limits.",
              [](S & d) -> auto& { return d.merged.resources; })
          .add<bool>(
              "on_success", on_success(), "Whether a succeeded run is kept.",
              [](S & d) -> auto& { return d.merged.delete_on_success; })
          .add<PipelineDraft>("stages", stages(), "What is done, in order.", identity<PipelineDraft>);
  return shape;
}

const Shape<Draft>& root_shape() {
  using S = Draft;
  const auto at = [](auto Settings::*member) {
    return [member](S & draft) -> auto& {
      return draft.settings.*member;
    };
  };
  const auto catalogue = [](const auto& shape) {
    return any_node(
        "list of " + shape.info()->name, shape.info(),
        fmt::format(R"({{"type":["array","null"],"items":{{"$ref":"#/definitions/{}"}}}})", shape.info()->name));
  };
  static const auto shape =
      Shape<S>("configuration", "The whole file.")
          .add<WebhookSettings>("webhook", object(webhook_shape()), "The listener for deliveries.",
                                at(&Settings::webhook))
          .must()
          .add<OperatorSettings>("operator", object(operator_shape()), "The listener for people.",
                                 at(&Settings::operator_api))
          .add<LogSettings>("log", object(log_shape()), "The log.", at(&Settings::log))
          .add<std::filesystem::path>("state", path(false), "The state directory: queue, mirrors, logs, workspaces.",
                                      at(&Settings::state))
          .add<GitSettings>("git", object(git_shape()), "Where sources come from.", at(&Settings::git))
          .must()
          .add<RegistrySettings>("registry", object(registry_shape()), "Where images go.", at(&Settings::registry))
          .must()
          .add<HandoffSettings>("handoff", object(handoff_shape()), "Where tags are committed.", at(&Settings::handoff))
          .must()
          .add<QueueSettings>("queue", object(queue_shape()), "Admission, retries, retention.", at(&Settings::queue))
          .add<BuilderSettings>("builder", object(builder_shape()), "The builder.", at(&Settings::builder))
          .add<bool>("shadow", boolean(), "Receive, decide and record, but build nothing.", at(&Settings::shadow))
          .key("secrets", &S::secrets, secret_files(), "Files that builds may mount, by the names that pipelines use.")
          .key("path_sets", &S::path_sets,
               any_node(
                   "mapping from name to list of paths", nullptr,
                   R"({"type":["object","null"],"additionalProperties":{"type":"array","items":{"type":"string"}}})"),
               "Paths that several triggers use as `$name`.")
          .key("bindings", &S::bindings, catalogue(binding_set_shape()),
               "Sets of parameters, for triggers to `ref`er to.")
          .key("triggers", &S::triggers, catalogue(trigger_shape()), "Which pushes build.")
          .key("templates", &S::templates, catalogue(template_shape()), "What they build.")
          .key("pipelines_dir", &S::pipelines_dir, maybe(folder()),
               "A folder with pipelines of your own, beside the shipped ones.")
          .key("pipelines", &S::pipelines, catalogue(pipeline_shape()), "Pipelines written here.");
  return shape;
}

}  // namespace slipway::config

#include "trigger/import_tekton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/load.hpp"
#include "config/references.hpp"
#include "config/yaml_text.hpp"
#include "trigger/gitea.hpp"
#include "trigger/tekton_filters.hpp"
#include "trigger/tekton_manifests.hpp"
#include "trigger/tekton_pipelines.hpp"

namespace slipway::trigger {
namespace {

using config::yaml_scalar;

std::string comment(std::size_t indent, const std::string& text) {
  return fmt::format("{}# {}\n", std::string(indent, ' '), text);
}

/// Turns every line of a text into a comment.
std::string commented(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    result += "  # " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return result;
}

/// The interceptor parameters that are settings rather than conditions: the webhook's secrets.
struct Webhook {
  std::set<std::string> secret_files;
};

using Values = std::map<std::string, std::string>;

/// What an interceptor `cel` says.
struct CelStep {
  std::string filter;
  YAML::Node overlays;
};

/// Nullopt for another interceptor.
std::optional<CelStep> cel_step(const YAML::Node& interceptor) {
  if (text_at(interceptor, {"ref", "name"}) != "cel" && node_at(interceptor, {"cel"}).IsNull()) return std::nullopt;
  CelStep step;
  step.filter = text_at(interceptor, {"cel", "filter"});
  step.overlays.reset(node_at(interceptor, {"cel", "overlays"}));
  for (const auto& [name, value] : named_values(node_at(interceptor, {"params"}), "value")) {
    if (name == "filter" && value.IsScalar()) step.filter = value.Scalar();
    if (name == "overlays") step.overlays.reset(value);
  }
  return step;
}

std::string overlays_of(const YAML::Node& interceptors) {
  std::string text;
  for (const YAML::Node& interceptor : interceptors) {
    const auto step = cel_step(interceptor);
    if (!step) continue;
    for (const YAML::Node& overlay : step->overlays) text += fmt::format("{}={}\n", text_at(overlay, {"key"}), text_at(overlay, {"expression"}));
  }
  return text;
}

/// A trigger that is carried over; its template gets its name when all triggers are known.
struct ImportedTrigger {
  std::string name;
  std::string original;         ///< its TriggerTemplate
  std::string before, after;    ///< the text around the line `template:`
  std::string overlays;
  Values values;                ///< of the parameters that it binds
};

/// A TriggerTemplate for the triggers that bind alike.
struct ImportedTemplate {
  std::string name, original;
  Values values;  ///< of the parameters that decide what is built
  std::vector<std::size_t> triggers;
};

class Importer {
 public:
  explicit Importer(TektonManifests manifests) : manifests_(std::move(manifests)) {}

  std::string operator()() {
    for (const auto& listener : manifests_.listeners) read_listener(listener);
    for (const auto& [name, manifest] : manifests_.templates) share_template(name, manifest);
    const std::string bindings = bindings_text(), triggers = triggers_text();
    const std::string templates = templates_text(), pipelines = pipelines_text();
    std::string text = head();
    text += settings_text();
    text += "\nbindings:\n" + bindings + "\ntriggers:\n" + triggers + "\ntemplates:\n" + templates + "\npipelines:\n" +
            pipelines;
    return checked(text);
  }

 private:
  std::string head() const {
    std::string text =
        "# Made by `slipway import-tekton`. Every trigger decides like the original, for what slipway receives: push "
        "events of\n"
        "# refs/heads/main, exactly. Comments say what could not be carried over.\n";
    for (const auto& what : manifests_.passed_over) text += comment(0, "passed over: " + what);
    for (const auto& what : notes_) text += comment(0, what);
    return text;
  }

  void read_listener(const YAML::Node& listener) {
    const std::string name = text_at(listener, {"metadata", "name"});
    for (const char* key : {"triggerGroups", "namespaceSelector", "labelSelector", "cloudEventURI"}) {
      if (!node_at(listener, {"spec", key}).IsNull())
        notes_.push_back(fmt::format("EventListener {}: `{}` is not carried over", name, key));
    }
    for (const YAML::Node& entry : node_at(listener, {"spec", "triggers"})) {
      const std::string ref = text_at(entry, {"triggerRef"});
      const auto found = manifests_.triggers.find(ref);
      if (!ref.empty() && found == manifests_.triggers.end())
        notes_.push_back(fmt::format("EventListener {}: there is no Trigger {}", name, ref));
      else if (!ref.empty())
        read_trigger(node_at(found->second, {"spec"}), ref);
      else
        read_trigger(entry, text_at(entry, {"name"}));
    }
  }

  /// A trigger name not used before: the triggers of all listeners end up in one list.
  std::string unique(const std::string& name) {
    std::string mine = name;
    for (int copy = 2; !names_.insert(mine).second; ++copy) mine = fmt::format("{}-{}", name, copy);
    if (mine != name) remarks_ += comment(2, fmt::format("a second trigger {}", name));
    return mine;
  }

  /// The TriggerTemplate of a trigger: by reference, or embedded, in which case it gets the trigger's name.
  std::string template_of(const YAML::Node& trigger, const std::string& name) {
    const YAML::Node spec = node_at(trigger, {"template", "spec"});
    if (spec.IsNull()) return text_at(trigger, {"template", "ref"});
    YAML::Node manifest;
    manifest["spec"] = spec;
    manifests_.templates[name] = manifest;
    return name;
  }

  void read_trigger(const YAML::Node& trigger, std::string name) {
    if (name.empty()) name = fmt::format("trigger-{}", ++unnamed_);
    name = unique(name);
    const std::string built = template_of(trigger, name);
    if (built.empty() || !manifests_.templates.contains(built)) {
      remarks_ += comment(
          2, fmt::format("NOT CARRIED OVER: trigger {} has the TriggerTemplate '{}', which is not there", name, built));
      return;
    }
    std::string chain;
    bool whole = true;
    for (const YAML::Node& interceptor : node_at(trigger, {"interceptors"}))
      whole = add_interceptor(interceptor, chain) && whole;
    if (!whole) {
      remarks_ += comment(2, fmt::format("NOT CARRIED OVER: trigger {} has an interceptor that lets no push through, or "
                                          "that slipway has not, and would fire too often without:",
                                          name));
      remarks_ += commented(chain);
      return;
    }
    ImportedTrigger made;
    made.name = name;
    made.original = built;
    made.before = std::exchange(remarks_, "") + fmt::format("  - name: {}\n", yaml_scalar(name));
    if (!chain.empty()) made.after += "    interceptors:\n" + chain;
    const std::string bound = trigger_bindings(node_at(trigger, {"bindings"}));
    if (!bound.empty()) made.after += "    bindings:\n" + bound;
    made.overlays = overlays_of(node_at(trigger, {"interceptors"}));
    made.values = bound_values(node_at(trigger, {"bindings"}));
    triggers_.push_back(std::move(made));
  }

  std::string triggers_text() const {
    std::string text;
    for (std::size_t i = 0; i < triggers_.size(); ++i) {
      const auto makes = [i](const ImportedTemplate& one) { return std::count(one.triggers.begin(), one.triggers.end(), i) != 0; };
      const auto built = std::find_if(templates_.begin(), templates_.end(), makes);
      text += triggers_[i].before + fmt::format("    template: {}\n", yaml_scalar(built->name)) + triggers_[i].after;
    }
    return text + remarks_;
  }

  /// What decides about the builds of a template, as this trigger binds it.
  static Values deciding_values(const ImportedTrigger& trigger, const TektonTemplate& built) {
    Values values;
    const Values defaults(built.defaults.begin(), built.defaults.end());
    for (const auto& name : built.parameters) {
      auto found = trigger.values.find(name);
      if (found == trigger.values.end() && (found = defaults.find(name)) == defaults.end()) continue;
      values[name] = found->second;
      if (found->second.find("$(extensions") != std::string::npos) values[name] += "\n" + trigger.overlays;
    }
    return values;
  }

  /// Tekton makes a PipelineRun for every trigger, slipway one run of a template, which a newer one replaces: triggers that
  /// bind different values get a template each.
  void share_template(const std::string& original, const YAML::Node& manifest) {
    const TektonTemplate read = read_template(manifest, manifests_);
    std::vector<ImportedTemplate> made;
    for (std::size_t i = 0; i < triggers_.size(); ++i) {
      if (triggers_[i].original != original) continue;
      const Values values = deciding_values(triggers_[i], read);
      auto alike = std::find_if(made.begin(), made.end(), [&](const ImportedTemplate& one) { return one.values == values; });
      if (alike == made.end()) alike = made.insert(made.end(), ImportedTemplate{original, original, values, {}});
      alike->triggers.push_back(i);
    }
    if (made.size() > 1) name_apart(made);
    std::move(made.begin(), made.end(), std::back_inserter(templates_));
  }

  void name_apart(std::vector<ImportedTemplate>& made) {
    std::string names;
    for (auto& one : made) {
      const std::string wanted = one.original + "-" + triggers_[one.triggers.front()].name;
      one.name = wanted;
      for (int copy = 2; manifests_.templates.contains(one.name) || !split_.insert(one.name).second; ++copy)
        one.name = fmt::format("{}-{}", wanted, copy);
      names += (names.empty() ? "" : ", ") + one.name;
    }
    notes_.push_back(fmt::format("TriggerTemplate {}: its triggers bind different values, and slipway makes one run of a template; it has "
                                 "become {}",
                                 made.front().original, names));
  }

  /// False if the step is a condition that slipway cannot express, or one that never holds.
  bool add_interceptor(const YAML::Node& interceptor, std::string& chain) {
    if (const auto step = cel_step(interceptor)) return add_cel(*step, chain);
    const std::string kind = text_at(interceptor, {"ref", "name"});
    auto params = named_values(node_at(interceptor, {"params"}), "value");
    const YAML::Node older = node_at(interceptor, {"github"});  // the syntax before `ref`
    for (const auto& entry : older) params.emplace_back(entry.first.Scalar(), entry.second);
    if (kind == "github" || kind == "gitea" || !older.IsNull()) return add_github(params, chain);
    chain += comment(6, fmt::format("an interceptor '{}'", kind.empty() ? "without a name" : kind));
    return false;
  }

  bool add_cel(const CelStep& step, std::string& chain) {
    const std::string& filter = step.filter;
    const YAML::Node& overlays = step.overlays;
    if (filter.find("startsWith('refs/heads/main')") != std::string::npos) {
      chain += comment(6, "`startsWith` fires for refs/heads/maintenance as well; slipway takes refs/heads/main only");
    }
    if (!filter.empty() && demands_another_ref(filter))
      chain += comment(6, fmt::format("slipway builds {} only: this can never match", watched_ref));
    std::string lead = "      - ";
    if (!filter.empty()) {
      chain += lead + "filter: " + yaml_scalar(filter) + "\n";
      lead = "        ";
    }
    bool valid = filter.empty() || good(no_condition(filter), chain);
    if (!overlays.IsSequence() || overlays.size() == 0) return valid;
    chain += lead + "overlays:\n";
    for (const YAML::Node& overlay : overlays) {
      const std::string expression = text_at(overlay, {"expression"});
      chain += fmt::format("          - {{key: {}, expression: {}}}\n", flow(text_at(overlay, {"key"})), flow(expression));
      valid = good(not_cel(expression), chain) && valid;
    }
    return valid;
  }

  /// A filter that never lets an event through in Tekton would be refused by slipway's loader: leave it out, with `why`
  /// as a comment in the chain.
  static bool good(const std::optional<std::string>& why, std::string& chain) {
    if (why) chain += comment(6, *why);
    return !why;
  }

  /// A comma or bracket inside a flow mapping must be quoted.
  static std::string flow(const std::string& text) {
    const std::string scalar = yaml_scalar(text);
    return scalar.find_first_of(",[]{}") == std::string::npos || scalar.starts_with('"') ? scalar : '"' + text + '"';
  }

  bool add_github(const std::vector<std::pair<std::string, YAML::Node>>& params, std::string& chain) {
    bool push = true;
    for (const auto& [name, value] : params) {
      if (name == "secretRef") {
        webhook_.secret_files.insert(
            fmt::format("/etc/slipway/secrets/{}/{}", text_at(value, {"secretName"}), text_at(value, {"secretKey"})));
      } else if (name == "eventTypes") {
        push = false;
        for (const YAML::Node& event : value) {
          if (event.IsScalar() && event.Scalar() == "push")
            push = true;
          else
            chain += comment(6, fmt::format("event type {}: slipway receives push events only",
                                            event.IsScalar() ? event.Scalar() : "?"));
        }
      } else {
        chain += comment(6, fmt::format("`{}` of the github interceptor is not carried over", name));
      }
    }
    return push;
  }

  std::string trigger_bindings(const YAML::Node& bindings) {
    std::string text;
    for (const YAML::Node& binding : bindings) {
      const std::string ref = text_at(binding, {"ref"}), name = text_at(binding, {"name"});
      if (!ref.empty() && manifests_.bindings.contains(ref))
        text += fmt::format("      - {{ref: {}}}\n", flow(ref));
      else if (!ref.empty())
        text += comment(6, fmt::format("there is no TriggerBinding {}", ref));
      else if (!name.empty())
        text += binding_line(name, text_at(binding, {"value"}));
      for (const auto& [inner, value] : named_values(node_at(binding, {"spec", "params"}), "value"))
        text += binding_line(inner, value.IsScalar() ? value.Scalar() : "");
    }
    return text;
  }

  /// The value of each parameter, as slipway's triggers have it.
  Values bound_values(const YAML::Node& bindings) const {
    Values values;
    for (const auto& standard : config::standard_bindings()) values[standard.name] = standard.value;
    const auto add = [&](const YAML::Node& params) {
      for (const auto& [name, value] : named_values(params, "value"))
        values[name] = value.IsScalar() ? carried(value.Scalar()) : "";
    };
    for (const YAML::Node& binding : bindings) {
      const auto set = manifests_.bindings.find(text_at(binding, {"ref"}));
      const std::string name = text_at(binding, {"name"});
      if (set != manifests_.bindings.end())
        add(node_at(set->second, {"spec", "params"}));
      else if (!name.empty())
        values[name] = carried(text_at(binding, {"value"}));
      add(node_at(binding, {"spec", "params"}));
    }
    return values;
  }

  std::string binding_line(const std::string& name, const std::string& value) {
    return fmt::format("      - {{name: {}, value: {}}}\n", flow(name), flow(carried(value)));
  }

  /// slipway never takes the clone URL from the payload, but from its configuration.
  static std::string carried(const std::string& value) {
    return config::replace_references(value, [](std::string_view name) -> std::optional<std::string> {
      const bool address = name == "body.repository.clone_url" || name == "body.repository.html_url" ||
                           name == "body.repository.ssh_url";
      return address ? std::optional<std::string>("$(git.url)") : std::nullopt;
    });
  }

  std::string bindings_text() const {
    std::string text;
    for (const auto& [name, binding] : manifests_.bindings) {
      text += fmt::format("  - name: {}\n    params:\n", yaml_scalar(name));
      for (const auto& [param, value] : named_values(node_at(binding, {"spec", "params"}), "value")) {
        const std::string was = value.IsScalar() ? value.Scalar() : "", is = carried(was);
        text += fmt::format("      {}: {}{}\n", yaml_scalar(param), yaml_scalar(is),
                            is == was ? "" : "  # was " + was + ": a payload's address is never used");
      }
    }
    return text;
  }

  std::string templates_text() {
    std::string text;
    for (const auto& [name, manifest] : manifests_.templates) {
      bool used = false;
      for (const auto& one : templates_) {
        if (one.original != name) continue;
        used = true;
        text += template_text(one, manifest);
      }
      if (!used) text += comment(2, fmt::format("TriggerTemplate {} is used by no trigger: left out", name));
    }
    return text;
  }

  /// A template of several gets the values that its triggers bind, so that it says what it builds.
  std::string template_text(const ImportedTemplate& made, const YAML::Node& manifest) {
    Values known;
    if (made.name != made.original) known = made.values;
    std::erase_if(known, [](const auto& value) { return !config::references_in(value.second).empty(); });
    TektonTemplate read = read_template(manifest, manifests_, known);
    pipelines_.insert(read.pipeline);
    if (!read.docker_secret.empty()) docker_secret_ = read.docker_secret;
    std::string text;
    for (const auto& note : read.notes) text += comment(2, note);
    text += fmt::format("  - name: {}\n    pipeline: {}\n", yaml_scalar(made.name), yaml_scalar(read.pipeline));
    text +=
        "    repository: \"*\"  # the original builds a fork of the same name as well: write Organisation/name here\n";
    if (!read.app.empty()) text += fmt::format("    app: {}\n", yaml_scalar(read.app));
    if (!read.params.empty()) text += "    params:\n";
    for (const auto& [param, value] : read.params)
      text += fmt::format("      {}: {}\n", yaml_scalar(param), yaml_scalar(value));
    if (!read.defaults.empty()) text += "    defaults:\n";
    for (const auto& [param, value] : read.defaults)
      text += fmt::format("      {}: {}\n", yaml_scalar(param), yaml_scalar(value));
    if (!read.hands_off) text += "    handoff: {values: []}  # update-values is not true\n";
    if (!read.timeout.empty()) text += fmt::format("    timeout: {}\n", yaml_scalar(read.timeout));
    if (read.delete_on_success) text += "    on_success: delete\n";
    return text;
  }

  std::string pipelines_text() {
    std::string text;
    for (const auto& name : pipelines_) {
      const auto found = manifests_.pipelines.find(name);
      if (found == manifests_.pipelines.end()) {
        text += comment(
            2, fmt::format(
                   "there is no Pipeline {} among the manifests: the shipped one of that name is used, if there is one",
                   name));
        continue;
      }
      const TektonPipeline read = read_pipeline(found->second, manifests_);
      if (!read.registry.empty()) registry_ = read.registry;
      text += read.text;
    }
    return text;
  }

  std::string settings_text() const {
    std::string text = "\nwebhook:\n  secret_files:\n";
    for (const auto& file : webhook_.secret_files) text += fmt::format("    - {}\n", yaml_scalar(file));
    if (webhook_.secret_files.empty())
      text += "    - /etc/slipway/secrets/webhook-secret  # no interceptor named one\n";
    const std::string infra = infra_repository(manifests_);
    const auto path = infra.empty() ? std::string::npos : infra.find('/', infra.find("://") + 3);
    const std::string base = infra.empty() ? "https://git.example.com" : infra.substr(0, path);
    text +=
        fmt::format("\ngit:\n  base_url: {}  # FILL IN: repositories are <base_url>/<organisation>/<name>.git\n", base);
    if (manifests_.login)
      text += fmt::format(
          "  username_file: /etc/slipway/secrets/{0}/username\n  password_file: /etc/slipway/secrets/{0}/password\n",
          *manifests_.login);
    text += fmt::format("\nregistry:\n  host: {}\n",
                        registry_.empty() ? "registry.example.com  # FILL IN" : yaml_scalar(registry_));
    if (!docker_secret_.empty())
      text += fmt::format("  auth_file: /etc/slipway/secrets/{}/.dockerconfigjson\n", docker_secret_);
    text += fmt::format(
        "\nhandoff:\n  repository: {}\n",
        infra.empty() ? "https://git.example.com/organisation/infra.git  # FILL IN: it is in no manifest" : infra);
    if (manifests_.memory_quota)
      text += fmt::format("\nqueue:\n  memory_budget: {}  # the ResourceQuota's requests.memory\n",
                          *manifests_.memory_quota);
    return text;
  }

  /// Prepends the errors that loading the result as a configuration gives.
  static std::string checked(const std::string& text) {
    const auto loaded = config::load_text(text, "slipway.yaml", config::LoadOptions(false));
    const auto* errors = std::get_if<std::vector<Error>>(&loaded);
    if (errors == nullptr) return text;
    std::string remarks = "# TO BE MENDED (`slipway check` says where):\n";
    for (const auto& error : *errors) remarks += comment(0, "  " + error.what().substr(0, error.what().find('\n')));
    return remarks + text;
  }

  TektonManifests manifests_;
  Webhook webhook_;
  std::vector<std::string> notes_;
  std::vector<ImportedTrigger> triggers_;
  std::vector<ImportedTemplate> templates_;
  std::string remarks_;  ///< about triggers, for in front of the next one
  std::string registry_, docker_secret_;
  std::set<std::string> names_, split_, pipelines_;
  int unnamed_ = 0;
};

}  // namespace

Result<std::string> import_tekton(std::span<const std::filesystem::path> directories) {
  auto manifests = read_manifests(directories);
  if (!manifests) return manifests.error();
  if (manifests->listeners.empty()) {
    return Error(fmt::format("there is no EventListener below {}",
                             directories.empty() ? "nothing" : directories.front().string()));
  }
  return Importer(*std::move(manifests))();
}

}  // namespace slipway::trigger

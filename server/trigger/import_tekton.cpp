#include "trigger/import_tekton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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

class Importer {
 public:
  explicit Importer(TektonManifests manifests) : manifests_(std::move(manifests)) {}

  std::string operator()() {
    for (const auto& listener : manifests_.listeners) read_listener(listener);
    const std::string bindings = bindings_text();
    const std::string templates = templates_text(), pipelines = pipelines_text();
    std::string text = head();
    text += settings_text();
    text += "\nbindings:\n" + bindings + "\ntriggers:\n" + triggers_ + "\ntemplates:\n" + templates + "\npipelines:\n" +
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
    if (mine != name) triggers_ += comment(2, fmt::format("a second trigger {}", name));
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
      triggers_ += comment(
          2, fmt::format("NOT CARRIED OVER: trigger {} has the TriggerTemplate '{}', which is not there", name, built));
      return;
    }
    std::string chain;
    bool whole = true;
    for (const YAML::Node& interceptor : node_at(trigger, {"interceptors"}))
      whole = add_interceptor(interceptor, chain) && whole;
    if (!whole) {
      triggers_ += comment(2, fmt::format("NOT CARRIED OVER: trigger {} has an interceptor that lets no push through, or "
                                          "that slipway has not, and would fire too often without:",
                                          name));
      triggers_ += commented(chain);
      return;
    }
    triggers_ += fmt::format("  - name: {}\n    template: {}\n", yaml_scalar(name), yaml_scalar(built));
    if (!chain.empty()) triggers_ += "    interceptors:\n" + chain;
    const std::string bound = trigger_bindings(node_at(trigger, {"bindings"}));
    if (!bound.empty()) triggers_ += "    bindings:\n" + bound;
    used_.insert(built);
  }

  /// False if the step is a condition that slipway cannot express, or one that never holds.
  bool add_interceptor(const YAML::Node& interceptor, std::string& chain) {
    const std::string kind = text_at(interceptor, {"ref", "name"});
    auto params = named_values(node_at(interceptor, {"params"}), "value");
    if (kind == "cel" || !node_at(interceptor, {"cel"}).IsNull()) return add_cel(interceptor, params, chain);
    const YAML::Node older = node_at(interceptor, {"github"});  // the syntax before `ref`
    for (const auto& entry : older) params.emplace_back(entry.first.Scalar(), entry.second);
    if (kind == "github" || kind == "gitea" || !older.IsNull()) return add_github(params, chain);
    chain += comment(6, fmt::format("an interceptor '{}'", kind.empty() ? "without a name" : kind));
    return false;
  }

  bool add_cel(const YAML::Node& interceptor, const std::vector<std::pair<std::string, YAML::Node>>& params,
               std::string& chain) {
    std::string filter = text_at(interceptor, {"cel", "filter"});
    YAML::Node overlays;
    overlays.reset(node_at(interceptor, {"cel", "overlays"}));
    for (const auto& [name, value] : params) {
      if (name == "filter" && value.IsScalar()) filter = value.Scalar();
      if (name == "overlays") overlays.reset(value);
    }
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
      if (used_.contains(name))
        text += template_text(name, manifest);
      else
        text += comment(2, fmt::format("TriggerTemplate {} is used by no trigger: left out", name));
    }
    return text;
  }

  std::string template_text(const std::string& name, const YAML::Node& manifest) {
    TektonTemplate read = read_template(manifest, manifests_);
    pipelines_.insert(read.pipeline);
    if (!read.docker_secret.empty()) docker_secret_ = read.docker_secret;
    std::string text;
    for (const auto& note : read.notes) text += comment(2, note);
    text += fmt::format("  - name: {}\n    pipeline: {}\n", yaml_scalar(name), yaml_scalar(read.pipeline));
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
  std::string triggers_, registry_, docker_secret_;
  std::set<std::string> names_, used_, pipelines_;
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

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cel/program.hpp"
#include "config/compile.hpp"
#include "config/json_path.hpp"
#include "config/references.hpp"
#include "config/template_texts.hpp"

namespace slipway::config {
namespace {

using PathSets = std::map<std::string, std::vector<PathRule>, std::less<>>;
using BindingSets = std::map<std::string, std::vector<Binding>, std::less<>>;

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

/// The value of a parameter as a trigger gives it. `overlays`: those that it may be computed by.
struct GivenValue {
  std::string text, overlays;
  bool operator==(const GivenValue&) const = default;
};

/// What a trigger gives its template: the values of the parameters that the template uses.
struct Given {
  std::string trigger;
  std::vector<RepositoryPattern> repositories;  ///< empty: any
  std::map<std::string, GivenValue> values;

  bool may_meet(const Given& other) const {
    const auto meets_one = [&](const RepositoryPattern& mine) {
      return std::any_of(other.repositories.begin(), other.repositories.end(),
                         [&](const RepositoryPattern& one) { return one.overlaps(mine); });
    };
    return repositories.empty() || other.repositories.empty() ||
           std::any_of(repositories.begin(), repositories.end(), meets_one);
  }
};

std::string overlays_of(const Trigger& trigger) {
  std::string text;
  for (const auto& step : trigger.interceptors) {
    for (const auto& overlay : step.overlays) text += fmt::format("{}={}\n", overlay.key, overlay.text);
  }
  return text;
}

class TriggerCompiler {
 public:
  TriggerCompiler(const Draft& draft, const CompiledTemplates& templates, Reader& in)
      : templates_(templates), in_(in) {
    read_path_sets(draft.path_sets);
    read_binding_sets(draft.bindings);
  }

  std::optional<Trigger> operator()(const YAML::Node& node) {
    TriggerDraft written;
    trigger_shape().read(in_, node, written);
    if (written.name.source == nullptr || written.template_name.source == nullptr) return std::nullopt;
    Trigger trigger;
    trigger.name = written.name.text;
    if (!names_.insert(trigger.name).second)
      fail(written.name, fmt::format("trigger '{}' stands here a second time", trigger.name));
    trigger.repositories = repositories(written.repositories);
    trigger.paths = PathRules(paths(written.paths));
    trigger.interceptors = chain(written);
    const auto errors_before = in_.errors().size();
    trigger.bindings = bindings(written);
    const bool bound = in_.errors().size() == errors_before && !uses_broken_set(written);
    const Template* built = find_template(written.template_name);
    if (built == nullptr) return std::nullopt;
    trigger.template_name = built->name;
    const auto pinned = RepositoryPattern::parse(built->repository.value());
    if (pinned) trigger.pinned = *pinned;
    if (trigger.repositories.size() == written.repositories.size()) check_may_fire(written, trigger);
    if (bound) check_bound(written, trigger, *built);
    return trigger;
  }

 private:
  void fail(const Located& at, std::string what) { in_.fail(Error(std::move(what), at.where)); }

  void read_path_sets(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return;
    if (!node.IsMap()) return in_.fail(node, "expected a mapping from a set's name to its paths");
    for (const auto& member : node) {
      std::vector<PathRule> rules;
      if (!member.second.IsSequence()) in_.fail(member.second, "expected a list of paths");
      for (const YAML::Node& element : member.second) {
        const auto text = in_.located(element);
        if (!text) continue;
        auto rule = PathRule::parse(text->text);
        if (rule)
          rules.push_back(std::move(*rule));
        else
          fail(*text, rule.error().what());
      }
      const auto name = member.first.Scalar();
      if (!path_sets_.emplace(name, std::move(rules)).second)
        in_.fail(member.first, fmt::format("'{}' stands here a second time", name));
    }
  }

  void read_binding_sets(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return;
    if (!node.IsSequence()) return in_.fail(node, "expected a list of binding sets");
    for (const YAML::Node& element : node) {
      BindingSetDraft set;
      const auto errors_before = in_.errors().size();
      binding_set_shape().read(in_, element, set);
      std::vector<Binding> values;
      for (const auto& [name, value] : set.params) {
        check_binding(value, in_.position(element), std::nullopt);
        values.emplace_back(name, value);
      }
      if (in_.errors().size() != errors_before && set.name.source != nullptr) broken_sets_.insert(set.name.text);
      if (set.name.source != nullptr && !binding_sets_.emplace(set.name.text, std::move(values)).second) {
        fail(set.name, fmt::format("bindings '{}' stand here a second time", set.name.text));
      }
    }
  }

  const Template* find_template(const Located& name) {
    const auto& good = templates_.good;
    const auto found =
        std::find_if(good.begin(), good.end(), [&](const Template& one) { return one.name.value() == name.text; });
    if (found != good.end()) return &*found;
    std::vector<std::string> known = templates_.broken;
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return nullptr;
    for (const auto& one : good) known.push_back(one.name.value());
    fail(name, fmt::format("there is no template '{}'{}", printable(name.text, 80), did_you_mean(name.text, known)));
    return nullptr;
  }

  std::vector<RepositoryPattern> repositories(const std::vector<Located>& texts) {
    std::vector<RepositoryPattern> patterns;
    for (const auto& text : texts) {
      if (text.source == nullptr) continue;
      auto pattern = RepositoryPattern::parse(text.text);
      if (pattern)
        patterns.push_back(std::move(*pattern));
      else
        fail(text, pattern.error().what());
    }
    return patterns;
  }

  std::vector<PathRule> paths(const std::vector<Located>& texts) {
    std::vector<PathRule> rules;
    for (const auto& text : texts) {
      if (text.source == nullptr) continue;
      if (text.text.starts_with('$')) {
        const auto name = std::string_view(text.text).substr(1);
        const auto set = path_sets_.find(name);
        if (set != path_sets_.end())
          rules.insert(rules.end(), set->second.begin(), set->second.end());
        else
          fail(text,
               fmt::format("`path_sets` has no '{}'{}", printable(name, 60), did_you_mean(name, names_of(path_sets_))));
        continue;
      }
      auto rule = PathRule::parse(text.text);
      if (rule)
        rules.push_back(std::move(*rule));
      else
        fail(text, rule.error().what());
    }
    return rules;
  }

  std::shared_ptr<const cel::Program> program(const Located& text) {
    if (text.source == nullptr || text.text.find_first_not_of(" \t\r\n") == std::string::npos) return nullptr;
    auto compiled = cel::Program::compile(text.text, Position(text.where.file, 1, 1));
    if (compiled) return std::make_shared<const cel::Program>(std::move(*compiled));
    in_.fail(error_within(text, compiled.error()));
    return nullptr;
  }

  Interceptor step(const Located& filter, const std::vector<OverlayDraft>& overlays) {
    Interceptor interceptor;
    interceptor.filter = program(filter);
    if (interceptor.filter != nullptr && !interceptor.filter->may_be_boolean()) {
      in_.fail(error_within(filter, Error(fmt::format("a filter is true or false; this is always {}, so that it would never fire",
                                                      interceptor.filter->type()),
                                          Position(filter.where.file, 1, 1))));
    }
    interceptor.text = filter.text;
    for (const auto& written : overlays) {
      if (written.key.source == nullptr || written.expression.source == nullptr) continue;
      Overlay overlay;
      overlay.key = written.key.text;
      overlay.text = written.expression.text;
      overlay.expression = program(written.expression);
      if (overlay.key.empty()) fail(written.key, "an overlay needs a key");
      if (overlay.expression == nullptr && overlay.text.empty())
        fail(written.expression, "an overlay needs an expression");
      if (overlay.expression != nullptr) interceptor.overlays.push_back(std::move(overlay));
    }
    return interceptor;
  }

  std::vector<Interceptor> chain(const TriggerDraft& written) {
    std::vector<Interceptor> steps;
    if (written.filter.source != nullptr || !written.overlays.empty())
      steps.push_back(step(written.filter, written.overlays));
    for (const auto& one : written.interceptors) steps.push_back(step(one.filter, one.overlays));
    return steps;
  }

  /// `overlays`: the keys of `extensions`; nullopt if not known yet.
  void check_binding(const std::string& value, const Position& where,
                     const std::optional<std::vector<std::string>>& overlays) {
    static const std::vector<std::string> roots{"body", "header", "extensions", "git", "context"};
    for (const auto& reference : references_in(value)) {
      const auto path = JsonPath::parse(reference);
      if (!path) {
        in_.fail(Error(path.error().what(), where));
      } else if (std::find(roots.begin(), roots.end(), path->root()) == roots.end()) {
        in_.fail(Error(fmt::format("$({}) begins with none of body, header, extensions, git{}",
                                   printable(reference, 60), did_you_mean(path->root(), roots)),
                       where));
      } else if (path->root() == "git" && reference != "git.url" && reference != "git.branch") {
        in_.fail(Error(fmt::format("$({}) is neither $(git.url) nor $(git.branch)", printable(reference, 60)), where));
      } else if (path->root() == "extensions" && overlays && !path->first().empty() &&
                 std::find(overlays->begin(), overlays->end(), path->first()) == overlays->end()) {
        in_.fail(Error(fmt::format("no overlay of this trigger makes $({}){}", printable(reference, 60),
                                   did_you_mean(path->first(), *overlays)),
                       where));
      }
    }
  }

  static std::vector<std::string> overlay_keys(const TriggerDraft& written) {
    std::vector<std::string> keys;
    const auto add = [&](const std::vector<OverlayDraft>& overlays) {
      for (const auto& overlay : overlays) keys.push_back(overlay.key.text.substr(0, overlay.key.text.find('.')));
    };
    add(written.overlays);
    for (const auto& one : written.interceptors) add(one.overlays);
    return keys;
  }

  /// Replaces an earlier binding of the same name.
  static void set(std::vector<Binding>& bindings, const Binding& binding) {
    const auto same =
        std::find_if(bindings.begin(), bindings.end(), [&](const Binding& one) { return one.name == binding.name; });
    if (same == bindings.end())
      bindings.push_back(binding);
    else
      *same = binding;
  }

  std::vector<Binding> bindings(const TriggerDraft& written) {
    std::vector<Binding> result = standard_bindings();
    const auto keys = overlay_keys(written);
    for (const auto& binding : written.bindings) {
      const bool is_ref = binding.ref.source != nullptr,
                 is_value = binding.name.source != nullptr && binding.value.source != nullptr;
      if (is_ref == is_value) {
        fail(written.name,
             fmt::format("trigger {}: a binding has either `ref`, or `name` and `value`", written.name.text));
      } else if (is_value) {
        check_binding(binding.value.text, binding.value.where, keys);
        set(result, Binding(binding.name.text, binding.value.text));
      } else if (const auto found = binding_sets_.find(binding.ref.text); found != binding_sets_.end()) {
        for (const auto& one : found->second) check_binding(one.value, binding.ref.where, keys);
        for (const auto& one : found->second) set(result, one);
      } else {
        fail(binding.ref, fmt::format("there are no bindings '{}'{}", printable(binding.ref.text, 60),
                                      did_you_mean(binding.ref.text, names_of(binding_sets_))));
      }
    }
    return result;
  }

  /// True if the trigger uses a broken binding set, whose bindings are unknown.
  bool uses_broken_set(const TriggerDraft& written) const {
    return std::any_of(written.bindings.begin(), written.bindings.end(),
                       [&](const BindingDraft& one) { return broken_sets_.contains(one.ref.text); });
  }

  void check_may_fire(const TriggerDraft& written, const Trigger& trigger) {
    if (trigger.repositories.empty()) return;
    const auto& pinned = trigger.pinned;
    const bool possible = std::any_of(trigger.repositories.begin(), trigger.repositories.end(),
                                      [&](const RepositoryPattern& pattern) { return pattern.overlaps(pinned); });
    if (!possible) {
      fail(
          written.name,
          fmt::format("trigger {} can never fire: none of its repositories is {}, the only one that template {} builds",
                      trigger.name, pinned.text(), trigger.template_name.value()));
    }
  }

  static std::set<std::string> used_parameters(Template built) {
    std::set<std::string> names;
    const auto look = [&](const std::string& text, const char*, bool) {
      for (const auto& reference : references_in(text)) {
        if (reference.starts_with("tt.params.")) names.insert(reference.substr(10));
      }
    };
    look(built.app, "app", false);
    each_text(built, look);
    return names;
  }

  void check_bound(const TriggerDraft& written, const Trigger& trigger, const Template& built) {
    Given given{trigger.name, trigger.repositories, {}};
    bool whole = true;
    for (const auto& name : used_parameters(built)) {
      const auto binding = std::find_if(trigger.bindings.begin(), trigger.bindings.end(),
                                        [&](const Binding& one) { return one.name == name; });
      if (binding != trigger.bindings.end()) {
        const bool computed = binding->value.find("$(extensions") != std::string::npos;
        given.values[name] = GivenValue{binding->value, computed ? overlays_of(trigger) : ""};
      } else if (const auto fallback = built.defaults.find(name); fallback != built.defaults.end()) {
        given.values[name] = GivenValue{fallback->second, ""};
      } else {
        whole = false;
        fail(written.template_name,
             fmt::format("template {} needs the parameter '{}', which trigger {} binds nowhere and which has no default",
                         built.name.value(), name, trigger.name));
      }
    }
    if (whole) check_alike(written, std::move(given), built.name);
  }

  /// A template's runs replace each other: triggers that made it build different things would take each other's away.
  void check_alike(const TriggerDraft& written, Given given, const TemplateName& built) {
    auto& others = given_[built];
    for (const auto& other : others) {
      if (other.values == given.values || !other.may_meet(given)) continue;
      const auto [theirs, mine] = std::mismatch(other.values.begin(), other.values.end(), given.values.begin());
      const std::string values = theirs->second.text == mine->second.text
                                     ? fmt::format("both {}, from different overlays", printable(mine->second.text, 60))
                                     : fmt::format("'{}' and '{}'", printable(theirs->second.text, 60), printable(mine->second.text, 60));
      fail(written.template_name,
           fmt::format("triggers {} and {} give template {} different values of '{}' ({}): a push makes one run of a template, "
                       "and a newer one replaces it. Write one template for each",
                       other.trigger, given.trigger, built.value(), mine->first, values));
      break;
    }
    others.push_back(std::move(given));
  }

  const CompiledTemplates& templates_;
  Reader& in_;
  PathSets path_sets_;
  BindingSets binding_sets_;
  std::set<std::string> names_, broken_sets_;
  std::map<TemplateName, std::vector<Given>> given_;
};

}  // namespace

const std::vector<Binding>& standard_bindings() {
  static const std::vector<Binding> bindings{{"git-url", "$(git.url)"},
                                             {"git-revision", "$(body.after)"},
                                             {"git-branch", "$(git.branch)"},
                                             {"repo-name", "$(body.repository.name)"},
                                             {"repo-full-name", "$(body.repository.full_name)"}};
  return bindings;
}

std::vector<Trigger> compile_triggers(const Draft& draft, const CompiledTemplates& templates, Reader& in) {
  std::vector<Trigger> triggers;
  TriggerCompiler compile(draft, templates, in);
  if (!draft.triggers.IsDefined() || draft.triggers.IsNull()) return triggers;
  if (!draft.triggers.IsSequence()) {
    in.fail(draft.triggers, "expected a list of triggers");
    return triggers;
  }
  for (const YAML::Node& node : draft.triggers) {
    if (auto trigger = compile(node)) triggers.push_back(std::move(*trigger));
  }
  return triggers;
}

}  // namespace slipway::config

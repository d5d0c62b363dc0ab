#include "trigger/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cel/json.hpp"
#include "trigger/bind.hpp"

namespace slipway::trigger {
namespace {

std::string_view name_part(std::string_view full_name) {
  return full_name.substr(full_name.find('/') + 1);
}

std::string not_in_list(const config::Trigger& trigger, const RepoName& repository) {
  for (const auto& pattern : trigger.repositories) {
    if (pattern.matches_but_for_case(repository)) {
      return fmt::format("its repositories have '{}', and this is '{}': upper and lower case count", pattern.text(),
                         repository.value());
    }
  }
  std::string list;
  for (const auto& pattern : trigger.repositories) list += (list.empty() ? "" : ", ") + pattern.text();
  return fmt::format("it looks at {}, and this is {}", list, repository.value());
}

/// The answer of most triggers to most deliveries, hence built without format strings.
std::string not_pinned(const config::Trigger& trigger, const RepoName& repository) {
  const std::string& pinned = trigger.pinned.text();
  std::string reason;
  reason.reserve(trigger.template_name.value().size() + pinned.size() + repository.value().size() + 80);
  reason.append(trigger.template_name.value())
      .append(" builds only ")
      .append(pinned)
      .append(", and this is ")
      .append(repository.value());
  if (trigger.pinned.matches_but_for_case(repository)) {
    reason.append(": upper and lower case count");
  } else if (name_part(pinned) == name_part(repository.value())) {
    reason.append(", another organisation's repository of the same name");
  }
  return reason;
}

std::string files_changed(const Push& push) {
  std::size_t count = 0;
  std::string some;
  for (const auto& commit : push.commits) {
    for (const auto* files : {&commit.added, &commit.modified, &commit.removed}) {
      for (const auto& file : *files) {
        if (++count <= 3) some += (some.empty() ? "" : ", ") + file;
      }
    }
  }
  if (count == 0) return "no file is listed as changed";
  return fmt::format("changed {}: {}{}", count == 1 ? "is" : "are", some,
                     count > 3 ? fmt::format(" and {} more", count - 3) : "");
}

std::string not_in_paths(const config::PathRules& paths, const Push& push) {
  std::string list;
  for (const auto& rule : paths.rules()) list += (list.empty() ? "" : ", ") + rule.text();
  return fmt::format("no changed file is in its paths ({}); {}", list, files_changed(push));
}

class Chain {
 public:
  Chain(const config::Trigger& trigger, const Event& event, const KnownFilters* known)
      : trigger_(trigger), event_(event), known_(known) {}

  /// Nullopt if the chain lets the event through.
  std::optional<Outcome> stopped() {
    if (trigger_.interceptors.empty()) return std::nullopt;
    if (const Error* broken = event_.broken()) return Outcome(Outcome::Kind::error, broken->what());
    for (std::size_t i = 0; i < trigger_.interceptors.size(); ++i) {
      const auto& step = trigger_.interceptors[i];
      if (step.filter != nullptr) {
        if (auto why = refused(*step.filter, i)) return why;
      }
      if (auto failed = add_overlays(step)) return failed;
    }
    return std::nullopt;
  }

  const rapidjson::Value& extensions() const noexcept { return extensions_ ? *extensions_ : none_; }

 private:
  /// Why the filter of step `index` rejects the event; nullopt if it passes.
  std::optional<Outcome> refused(const cel::Program& filter, std::size_t index) const {
    const cel::Bindings bindings = event_.bindings(extensions());
    const std::size_t place = known_ == nullptr ? KnownFilters::none : known_->places[index];
    const bool is_known = place != KnownFilters::none;
    const auto verdict = is_known ? known_->judgement.verdict(place) : filter.test(bindings);
    if (!verdict) return Outcome(Outcome::Kind::error, filter.explain(bindings).text);
    if (*verdict) return std::nullopt;
    return Outcome(Outcome::Kind::not_matched, is_known ? known_->judgement.refusal(place, bindings) : filter.refusal(bindings));
  }

  /// Each overlay sees the extensions from before the step, not those of its siblings.
  std::optional<Outcome> add_overlays(const config::Interceptor& step) {
    if (step.overlays.empty()) return std::nullopt;
    rapidjson::Document next;
    next.CopyFrom(extensions(), next.GetAllocator());
    for (const auto& overlay : step.overlays) {
      const auto value = overlay.expression->evaluate(event_.bindings(extensions()));
      const auto failed = [&](const Error& error) {
        return Outcome(Outcome::Kind::error,
                       fmt::format("the overlay '{}' has no value: {}", overlay.key, error.what()));
      };
      if (!value) return failed(value.error());
      if (const auto set = cel::set_extension(next, overlay.key, *value); !set) return failed(set.error());
    }
    extensions_ = std::move(next);
    return std::nullopt;
  }

  const config::Trigger& trigger_;
  const Event& event_;
  const KnownFilters* known_;
  const rapidjson::Value none_{rapidjson::kObjectType};
  std::optional<rapidjson::Document> extensions_;  ///< set once an overlay adds one: no document is built needlessly
};

}  // namespace

std::optional<std::string> repository_reason(const config::Trigger& trigger, const RepoName& repository) {
  const auto matches = [&](const config::RepositoryPattern& pattern) { return pattern.matches(repository); };
  if (!trigger.repositories.empty() &&
      std::none_of(trigger.repositories.begin(), trigger.repositories.end(), matches)) {
    return not_in_list(trigger, repository);
  }
  if (!trigger.pinned.matches(repository)) return not_pinned(trigger, repository);
  return std::nullopt;
}

Outcome evaluate(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                 const KnownFilters* known) {
  if (!trigger.paths.empty() && !trigger.paths.first_covered(event.push())) {
    return Outcome(Outcome::Kind::not_matched, not_in_paths(trigger.paths, event.push()));
  }
  Chain chain(trigger, event, known);
  if (auto stopped = chain.stopped()) return std::move(*stopped);
  auto parameters = bind(catalogue, trigger, event, chain.extensions());
  if (!parameters) return Outcome(Outcome::Kind::error, parameters.error().what());
  Outcome outcome;
  outcome.parameters = std::move(*parameters);
  return outcome;
}

}  // namespace slipway::trigger

#include "trigger/match.hpp"

#include <algorithm>

#include "base/hmac.hpp"
#include "cel/filter_set.hpp"
#include "config/catalogue.hpp"
#include "trigger/evaluate.hpp"
#include "trigger/own_commits.hpp"

namespace slipway::trigger {
namespace {

using config::Trigger;

/// Extensions differ between triggers; any other filter has the same result for all of them, so it can be evaluated
/// once for the group.
bool is_shareable(const config::Interceptor& step) {
  return step.filter != nullptr && step.text.find("extensions") == std::string::npos;
}

/// Triggers that watch the same repositories, with those of their filters that are judged together.
struct Group {
  const Trigger* first = nullptr;
  std::vector<std::size_t> triggers;                // indices into the catalogue's triggers
  std::vector<std::vector<std::size_t>> positions;  // per trigger: the index of each step's filter in the set
  std::unique_ptr<const cel::FilterSet> filters;
  // Over all expressions of these triggers.
  bool push_suffices = true;
  bool reads_header = false;
};

bool push_suffices_for(const config::Interceptor& step) {
  return (step.filter == nullptr || push_suffices(*step.filter)) &&
         std::all_of(step.overlays.begin(), step.overlays.end(),
                     [](const config::Overlay& overlay) { return push_suffices(*overlay.expression); });
}

bool reads_header(const config::Interceptor& step) {
  return (step.filter != nullptr && step.filter->reads_header()) ||
         std::any_of(step.overlays.begin(), step.overlays.end(),
                     [](const config::Overlay& overlay) { return overlay.expression->reads_header(); });
}

bool same_repositories(const Trigger& a, const Trigger& b) {
  const auto equal = [](const auto& x, const auto& y) { return x.text() == y.text(); };
  return equal(a.pinned, b.pinned) &&
         std::equal(a.repositories.begin(), a.repositories.end(), b.repositories.begin(), b.repositories.end(), equal);
}

bool lists_no_file(const ChangedCommit& commit) {
  return commit.added.empty() && commit.removed.empty() && commit.modified.empty();
}

}  // namespace

struct Matcher::Plan {
  explicit Plan(const config::Catalogue& catalogue) : own(catalogue) {
    const auto& triggers = catalogue.triggers();
    std::vector<std::vector<cel::Program>> programs;
    for (std::size_t i = 0; i < triggers.size(); ++i) {
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const Group& one) { return same_repositories(*one.first, triggers[i]); });
      if (group == groups.end()) {
        group = groups.emplace(groups.end());
        group->first = &triggers[i];
        programs.emplace_back();
      }
      auto& set = programs[static_cast<std::size_t>(group - groups.begin())];
      group->triggers.push_back(i);
      auto& positions = group->positions.emplace_back();
      for (const auto& step : triggers[i].interceptors) {
        positions.push_back(is_shareable(step) ? set.size() : KnownFilters::none);
        if (is_shareable(step)) set.push_back(*step.filter);
        group->push_suffices = group->push_suffices && push_suffices_for(step);
        group->reads_header = group->reads_header || reads_header(step);
      }
    }
    for (std::size_t i = 0; i < groups.size(); ++i)
      groups[i].filters = std::make_unique<const cel::FilterSet>(std::move(programs[i]));
  }

  OwnCommits own;
  std::vector<Group> groups;
};

namespace {

std::optional<cel::FilterSet::Judgement> judge_filters(const Group& group, const Event& event) {
  if (group.filters->size() == 0 || event.broken() != nullptr) return std::nullopt;
  const rapidjson::Value none(rapidjson::kObjectType);
  return group.filters->judge(event.bindings(none));
}

/// Calls `tell` with each trigger's index in the catalogue and its outcome.
template <class Tell>
void judge_group(const config::Catalogue& catalogue, const Group& group, Event& event, const Tell& tell) {
  event.show_push_only(group.push_suffices);
  event.hide_header(!group.reads_header);
  const auto judgement = judge_filters(group, event);
  for (std::size_t i = 0; i < group.triggers.size(); ++i) {
    std::optional<KnownFilters> known;
    if (judgement) known.emplace(KnownFilters{*judgement, group.positions[i]});
    tell(group.triggers[i], evaluate(catalogue, catalogue.triggers()[group.triggers[i]], event, known ? &*known : nullptr));
  }
}

/// Like judge_group(), but skips evaluation for slipway's own commits.
template <class Tell>
void judge_unless_own(const config::Catalogue& catalogue, const OwnCommits& own, const Group& group, Event& event,
                      const Tell& tell) {
  const auto reason = own.reason(event);
  if (!reason) return judge_group(catalogue, group, event, tell);
  for (const std::size_t trigger : group.triggers) tell(trigger, Outcome(Outcome::Kind::not_matched, *reason));
}

/// Collects each trigger's outcome; the verdict is in the catalogue's order.
class Answers {
 public:
  explicit Answers(const config::Catalogue& catalogue)
      : catalogue_(catalogue), outcomes_(catalogue.triggers().size()), completed_(outcomes_.size(), false) {}

  void set(std::size_t trigger, Outcome outcome) { outcomes_[trigger] = std::move(outcome); }
  /// Replaces the outcome by the later one, unless the trigger has already fired.
  void complete(std::size_t trigger, Outcome outcome) {
    if (outcomes_[trigger].matched()) return;
    completed_[trigger] = outcome.matched();
    outcomes_[trigger] = std::move(outcome);
  }

  Verdict verdict() && {
    Verdict verdict;
    verdict.skipped.reserve(outcomes_.size());
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const Trigger& trigger = catalogue_.triggers()[i];
      Outcome& outcome = outcomes_[i];
      if (!outcome.matched()) {
        verdict.skipped.emplace_back(trigger.name, std::move(outcome.reason), outcome.kind == Outcome::Kind::error);
        continue;
      }
      const auto same = [&](const RunRequest& run) { return run.template_name == trigger.template_name; };
      if (const auto run = std::find_if(verdict.runs.begin(), verdict.runs.end(), same); run != verdict.runs.end()) {
        verdict.skipped.emplace_back(trigger.name, "it matches, but the run of " + trigger.template_name.value() +
                                                       " is made by " + run->trigger + " already");
        continue;
      }
      RunRequest& run = verdict.runs.emplace_back();
      run.template_name = trigger.template_name;
      run.trigger = trigger.name;
      run.parameters = std::move(outcome.parameters);
      run.only_when_completed = completed_[i];
    }
    return verdict;
  }

 private:
  const config::Catalogue& catalogue_;
  std::vector<Outcome> outcomes_;
  std::vector<bool> completed_;
};

}  // namespace

bool is_incomplete(const Push& push) noexcept {
  if (is_zero_sha(push.before) || push.commits.empty() ||
      push.total_commits > static_cast<std::int64_t>(push.commits.size()))
    return true;
  return push.commits.front().id != push.after || std::any_of(push.commits.begin(), push.commits.end(), lists_no_file);
}

Matcher::Matcher(std::shared_ptr<const config::Catalogue> catalogue)
    : catalogue_(std::move(catalogue)), plan_(std::make_shared<const Plan>(*catalogue_)) {}

bool Matcher::watches(const RepoName& repository) const {
  return std::any_of(plan_->groups.begin(), plan_->groups.end(),
                     [&](const Group& group) { return !repository_reason(*group.first, repository); });
}

Verdict Matcher::judge(const Delivery& delivery) const {
  Answers answers(*catalogue_);
  const auto set = [&](std::size_t trigger, Outcome outcome) { answers.set(trigger, std::move(outcome)); };
  Event event(delivery, delivery.push);
  bool watched = false;
  for (const auto& group : plan_->groups) {
    const bool foreign = repository_reason(*group.first, delivery.push.repository).has_value();
    watched = watched || !foreign;
    if (!foreign) {
      judge_unless_own(*catalogue_, plan_->own, group, event, set);
      continue;
    }
    for (const std::size_t trigger : group.triggers) {
      set(trigger, Outcome(Outcome::Kind::not_matched,
                           *repository_reason(catalogue_->triggers()[trigger], delivery.push.repository)));
    }
  }
  Verdict verdict = std::move(answers).verdict();
  verdict.watched = watched;
  verdict.pending = watched && catalogue_->complete_commits() && is_incomplete(delivery.push);
  return verdict;
}

Verdict Matcher::judge(const Delivery& delivery, const Push& completed) const {
  Answers answers(*catalogue_);
  const auto set = [&](std::size_t trigger, Outcome outcome) { answers.set(trigger, std::move(outcome)); };
  const auto complete = [&](std::size_t trigger, Outcome outcome) { answers.complete(trigger, std::move(outcome)); };
  Event as_sent(delivery, delivery.push), whole(delivery, completed);
  for (const auto& group : plan_->groups) {
    for (const std::size_t trigger : group.triggers) {
      if (auto reason = repository_reason(catalogue_->triggers()[trigger], delivery.push.repository)) {
        answers.set(trigger, Outcome(Outcome::Kind::not_matched, std::move(*reason)));
      }
    }
    if (repository_reason(*group.first, delivery.push.repository)) continue;
    judge_unless_own(*catalogue_, plan_->own, group, as_sent, set);
    judge_unless_own(*catalogue_, plan_->own, group, whole, complete);
  }
  return std::move(answers).verdict();
}

Delivery synthesize(Push push, DeliveryId id, Clock::time_point now) {
  Delivery delivery;
  delivery.body = std::make_shared<const std::string>(payload_of(push));
  delivery.fingerprint = sha256(*delivery.body);
  delivery.headers = {{"Content-Type", {"application/json"}}, {"X-Gitea-Event", {"push"}},
                      {"X-Gitea-Event-Type", {"push"}},       {"X-Gitea-Delivery", {id.value()}},
                      {"X-Github-Event", {"push"}},           {"X-Github-Delivery", {id.value()}}};
  delivery.id = std::move(id);
  delivery.push = std::move(push);
  delivery.source = Source::reconcile;
  delivery.target = "/hooks";
  delivery.received = now;
  return delivery;
}

}  // namespace slipway::trigger

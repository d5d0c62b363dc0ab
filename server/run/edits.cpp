#include "run/edits.hpp"

#include <fmt/format.h>

#include <set>

#include "config/references.hpp"
#include "edit/edit.hpp"
#include "edit/image.hpp"
#include "run/deployed.hpp"
#include "run/order.hpp"

namespace slipway::run {
namespace {

RunOutcome failed(std::string why) { return Failed(Stage::handoff, std::move(why)); }

/// What is wrong with the image's repository or digest next to the written value; nothing if they fit.
std::optional<Error> objection(const Result<edit::ImageComparison>& compared, const Digest& written) {
  if (!compared) return compared.error();
  if (compared->verdict == edit::ImageComparison::Verdict::different) {
    return Error(compared->text() + " (guard: warn or off, or handoff.image, where it is meant so)", compared->where);
  }
  if (compared->pinned.empty() || compared->pinned == written.value()) return std::nullopt;
  return Error(compared->pinned_text() + " (guard: warn or off, where it is meant so)", compared->pinned_at);
}

struct Edited {
  Edited() = default;
  std::map<std::string, std::string> changed;  ///< changed files only: path to new bytes
};

/// Makes all of a template's edits on the ground.
Task<Result<Edited>> edit_all(const HandoffSettings& settings, Ground& ground, const HandOff& what, build::RunLog& log) {
  std::map<std::string, std::string> before, after;
  for (const auto& edit : what.target.values) {
    if (auto good = may_touch(settings, edit.file); !good) co_return good.error();
    if (!after.contains(edit.file)) {
      auto bytes = co_await ground.read(edit.file);
      if (!bytes) co_return Error(fmt::format("the values file {} is not in the infra repository", edit.file));
      before[edit.file] = *bytes;
      after[edit.file] = *std::move(bytes);
    }
    auto bytes = edited(edit, after[edit.file], what);
    if (!bytes) co_return Error(bytes.error().text());
    after[edit.file] = *std::move(bytes);
  }
  std::set<std::string> warnings;
  for (const auto& edit : what.target.values) {
    auto warning = guarded(edit, after[edit.file], what);
    if (!warning) co_return warning.error();
    if (!warning->empty()) warnings.insert(*std::move(warning));
  }
  for (const auto& warning : warnings) log.note("warning: " + warning);
  Edited result;
  for (auto& [file, bytes] : after) {
    if (bytes != before[file]) result.changed[file] = std::move(bytes);
  }
  co_return result;
}

git::NewCommit commit_of(const HandoffSettings& settings, const HandOff& what, std::map<std::string, std::string> files, const std::string& note) {
  git::NewCommit commit;
  commit.files = std::move(files);
  commit.message = commit_message(settings, what, note);
  return commit;
}

}  // namespace

edit::Options options_for(const ValuesEdit& edit) {
  edit::Options options;
  options.create = edit.create;
  options.follow_alias = edit.follow_alias;
  options.file = edit.file;
  return options;
}

Result<void> may_touch(const HandoffSettings& settings, const std::string& file) {
  if (settings.paths.empty()) return {};
  std::vector<config::PathRule> rules;
  for (const auto& text : settings.paths) {
    auto rule = config::PathRule::parse(text);
    if (!rule) return rule.error();
    rules.push_back(*std::move(rule));
  }
  if (config::PathRules(std::move(rules)).covers(file)) return {};
  return Error(fmt::format("{} is outside of handoff.paths, which says what may be touched", file));
}

Result<std::string> edited(const ValuesEdit& edit, const std::string& bytes, const HandOff& what) {
  const auto path = edit::Path::parse(edit.path);
  if (!path) return Error(fmt::format("values path {}: {}", edit.path, path.error().what()));
  return edit::replace(bytes, *path, written_value(edit.value, what.results), options_for(edit));
}

Result<std::string> guarded(const ValuesEdit& edit, const std::string& bytes, const HandOff& what) {
  if (what.target.guard == Guard::off || !names_image(edit)) return std::string();
  const auto path = edit::Path::parse(edit.path);
  if (!path) return path.error();
  const std::string& image = what.target.guard_image.empty() ? what.results.image : what.target.guard_image;
  const auto wrong = objection(edit::compare_image(bytes, *path, image, options_for(edit)), what.results.digest);
  if (!wrong) return std::string();
  if (what.target.guard == Guard::error) return *wrong;
  return wrong->text();
}

Task<Step> plan_step(HandOffTools& tools, const HandoffSettings& settings, Ground& ground, const HandOff& what, build::RunLog& log) {
  auto order = co_await judge_order(tools, ground, what);
  if (!order) co_return Step(failed(order.error().text()));
  if (auto* end = std::get_if<RunOutcome>(&*order)) co_return Step(std::move(*end));
  const auto& may = std::get<MayWrite>(*order);
  auto edits = co_await edit_all(settings, ground, what, log);
  if (!edits) co_return Step(failed(edits.error().text()));
  if (edits->changed.empty()) co_return Step(RunOutcome(Unchanged(fmt::format("{} is deployed already: nothing to change", what.results.tag))));
  if (!may.note.empty()) log.note(may.note);
  Step commit = commit_of(settings, what, std::move(edits->changed), may.note);
  co_return commit;
}

Task<> remember(HandOffTools& tools, const HandOff& what, const CommitSha& infra_commit) {
  for (const auto& edit : what.target.values) {
    const queue::HandedOffLast last(written_value(edit.value, what.results), what.run.commit, infra_commit);
    const std::string name = record_name(what.target, edit);
    co_await tools.queue.set_last_handed_off(what.run.template_name, name, last);
  }
}

std::string commit_message(const HandoffSettings& settings, const HandOff& what, const std::string& note) {
  const auto lookup = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "APP") return what.target.app;
    if (name == "IMAGE_TAG") return what.results.tag;
    if (name == "IMAGE_DIGEST") return what.results.digest.value();
    if (name == "IMAGE") return what.results.image;
    if (name == "COMMIT_SHA") return what.run.commit.value();
    if (name == "REPO") return what.run.repository.value();
    if (name == "RUN_ID") return std::to_string(what.run.id.value());
    if (name == "TEMPLATE") return what.run.template_name.value();
    return std::nullopt;
  };
  std::string message = config::replace_references(settings.message, lookup);
  message.erase(message.find_last_not_of(" \n") + 1);  // as git does; the template may end with a line break
  message += "\n\n";
  if (!note.empty()) message += note + "\n\n";
  return message + fmt::format("Source-Repository: {}\nSource-Commit: {}\nSlipway-Run: {}\nImage-Digest: {}\n", what.run.repository.value(),
                               what.run.commit.value(), what.run.id.value(), what.results.digest.value());
}

}  // namespace slipway::run

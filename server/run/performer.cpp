#include "run/performer.hpp"

#include <fmt/format.h>

#include "io/offload.hpp"
#include "io/secret_file.hpp"
#include "run/successor.hpp"
#include "run/workspace.hpp"

namespace slipway::run {
namespace {

RunOutcome gone(const Run& run) {
  return Superseded(fmt::format("{} is no longer on {}", run.commit.value(), branch_name(run.ref)), true);
}

std::string full_image(const RegistrySettings& registry, const std::string& image) {
  const std::string first = image.substr(0, image.find('/'));
  const bool has_host = first.find_first_of(".:") != std::string::npos || first == "localhost";
  return has_host || registry.host.empty() ? image : registry.host + "/" + image;
}

/// The current passwords for Git servers. Unreadable ones are skipped here, and reported where they are used.
std::vector<std::string> git_passwords(const Settings& settings) {
  std::vector<std::optional<std::filesystem::path>> files{settings.git.password_file, settings.handoff.password_file};
  for (const auto& mirror : settings.handoff.also_push) files.push_back(mirror.password_file);
  std::vector<std::string> passwords;
  for (const auto& file : files) {
    const auto password = file ? io::read_secret_file(*file) : Result<std::string>(Error(""));
    if (password) passwords.push_back(*password);
  }
  return passwords;
}

/// The run's outcome for a build that produced no image.
RunOutcome unbuilt(build::BuildOutcome outcome) {
  if (auto* failed = std::get_if<Failed>(&outcome)) return std::move(*failed);
  if (auto* late = std::get_if<build::TimedOut>(&outcome)) return Failed(late->stage, std::move(late->reason));
  if (auto* lost = std::get_if<build::Lost>(&outcome)) return Postponed(lost->stage, WaitingFor::retry, std::move(lost->why), std::nullopt);
  return std::get<Cancelled>(std::move(outcome));
}

}  // namespace

Task<RunOutcome> Performer::perform(const queue::Claim& claim, build::RunLog& log, Progress& progress) {
  const Run& run = claim.run;
  progress.at = run.next_stage;
  co_await hide_passwords(log);
  const auto resolved = catalogue_->resolve(run);
  if (!resolved) co_return Failed(progress.at, resolved.error().text());
  auto outcome = co_await go_through_stages(claim, *resolved, log, progress);
  auto* superseded = std::get_if<Superseded>(&outcome);
  if (superseded == nullptr || !superseded->off_branch) co_return outcome;
  const MissedTools tools{tools_.queue, tools_.sources, tools_.time, *matcher_, settings_.git.complete_limit};
  co_await note_elsewhere(tools, tools_.log, run);
  auto successor = co_await successor_of(tools, run, *resolved);
  if (successor) log.note(fmt::format("{}, the head of {} now, is built instead: it changes what this template builds",
                                      short_tag(successor->commit), branch_name(run.ref)));
  superseded->successor = std::move(successor);
  co_return outcome;
}

/// Builds are not given these passwords, but somebody may have committed one to a repository.
Task<> Performer::hide_passwords(build::RunLog& log) {
  auto read = [this] { return git_passwords(settings_); };
  const auto passwords = co_await io::offload(tools_.files, std::move(read));
  for (const auto& password : passwords) log.hide(password);
}

Task<RunOutcome> Performer::go_through_stages(const queue::Claim& claim, const Template& resolved, build::RunLog& log, Progress& progress) {
  const Run& run = claim.run;
  std::optional<BuildResults> results;
  if (run.next_stage == Stage::handoff) results = run.results;
  if (results) {
    auto too_old = co_await order_rivals(claim);
    if (too_old) co_return *std::move(too_old);
  } else {
    auto built = co_await build(claim, resolved, log, progress);
    if (auto* end = std::get_if<RunOutcome>(&built)) co_return std::move(*end);
    results = std::get<BuildResults>(std::move(built));
    const bool ours = co_await tools_.queue.built(claim.lease, *results);
    if (!ours) co_return Cancelled("the run was taken back while it was building");
  }
  progress.at = Stage::handoff;
  // A cancellation during the build's uninterruptible cleanup has no effect there, so check for it here.
  if (progress.stopped) co_return Cancelled("cancelled before the hand-off");
  auto outcome = co_await hand_off(run, resolved, *results, log);
  co_await tools_.executor.tidy_up(run.template_name);
  co_return outcome;
}

Task<std::optional<RunOutcome>> Performer::fetch(const Run& run, build::RunLog& log) {
  auto& sources = tools_.sources;
  const bool known = co_await sources.contains(run.repository, run.commit);
  if (!known) co_await sources.fetch(run.repository);
  const bool on_branch = co_await sources.on_branch(run.repository, run.commit, run.ref);
  if (on_branch) co_return std::nullopt;
  if (known) co_await sources.fetch(run.repository);
  const bool on_it_now = co_await sources.on_branch(run.repository, run.commit, run.ref);
  if (on_it_now) co_return std::nullopt;
  log.note(fmt::format("{} is no longer on {}: it would not be handed off, and is not built", run.commit.value(), branch_name(run.ref)));
  co_return gone(run);
}

/// Checks before the build what the hand-off would find only after it: whether a later commit is queued or has been handed off. A
/// rollback is older on purpose.
Task<std::optional<RunOutcome>> Performer::overtaken(const queue::Claim& claim, const Template& resolved) {
  const Run& run = claim.run;
  auto too_old = co_await order_rivals(claim);
  if (too_old || run.allow_rollback) co_return too_old;
  const std::vector<ValuesEdit> without_values(1);  // the last hand-off is then recorded under an empty file name
  const auto& edits = resolved.values.empty() ? without_values : resolved.values;
  for (const auto& edit : edits) {
    const auto last = co_await tools_.queue.last_handed_off(run.template_name, edit.file);
    if (!last) continue;
    const bool older = co_await tools_.sources.is_ancestor(run.repository, run.commit, last->source_commit);
    if (!older) continue;
    co_await tools_.sources.fetch(run.repository);  // a forced push may have removed the newer one
    const bool still_there = co_await tools_.sources.on_branch(run.repository, last->source_commit, run.ref);
    if (still_there) co_return Superseded(fmt::format("the newer {} was handed off already", last->source_commit.value()));
  }
  co_return std::nullopt;
}

Task<std::optional<RunOutcome>> Performer::order_rivals(const queue::Claim& claim) {
  const Run& run = claim.run;
  if (run.allow_rollback || claim.rivals.empty()) co_return std::nullopt;
  // A rival's commit may be newer than the last fetch, or gone since.
  co_await tools_.sources.fetch(run.repository);
  const auto head = co_await tools_.sources.head(run.repository, run.ref);
  auto page = claim.rivals;
  bool more = claim.more_rivals;
  const schedule::Rival mine(run.id, run.commit, run.results.has_value());
  while (!page.empty()) {
    std::vector<CommitSha> commits;
    for (const auto& rival : page) commits.push_back(rival.commit);
    if (head) commits.push_back(*head);
    const auto ancestry = co_await tools_.sources.ancestry(run.repository, run.commit, commits);
    const auto is_ancestor = [&](const CommitSha& older, const CommitSha& newer) { return ancestry.is_ancestor(older, newer); };
    const auto ordering = schedule::newest_wins(mine, page, is_ancestor, head.value_or(CommitSha()));
    if (!ordering.superseded.empty()) {
      const std::string why = fmt::format("{} came after it", short_tag(run.commit));
      co_await tools_.queue.supersede(ordering.superseded, run.id, why);
    }
    if (ordering.superseded_by) {
      co_return Superseded(fmt::format("run {} builds a later commit of the same branch", ordering.superseded_by->value()));
    }
    if (!more) co_return std::nullopt;
    const RunId oldest = page.back().run;
    page = co_await tools_.queue.rivals(claim.lease, oldest);
  }
  co_return std::nullopt;
}

Task<std::optional<RunId>> Performer::later_than(const Run& run, const std::vector<queue::Rival>& others) {
  for (const auto& other : others) {
    const bool known = co_await tools_.sources.on_branch(run.repository, other.commit, run.ref);
    if (!known) co_await tools_.sources.fetch(run.repository);
    const bool there = co_await tools_.sources.on_branch(run.repository, other.commit, run.ref);
    const bool later = co_await tools_.sources.is_ancestor(run.repository, run.commit, other.commit);
    if (later && there) co_return other.run;
  }
  co_return std::nullopt;
}

Task<build::BuildOrder> Performer::order(const queue::Claim& claim, const Template& resolved, std::filesystem::path source) {
  const Run& run = claim.run;
  build::BuildOrder order;
  order.run = run.id;
  order.template_name = run.template_name;
  order.repository = run.repository;
  order.source_url = catalogue_->git_url(run.repository);
  order.commit = run.commit;
  order.commit_time = co_await tools_.sources.commit_time(run.repository, run.commit);
  order.source = std::move(source);
  order.build = resolved.build;
  order.check = resolved.check;
  order.resources = resolved.resources;
  order.image = full_image(settings_.registry, resolved.build.image);
  order.tag = short_tag(run.commit);
  order.rebuild = run.rebuild;
  order.rebuild_tag = run.rebuild_tag;
  order.keep_tag = [this, lease = claim.lease](const std::string& tag) { return tools_.queue.chose_tag(lease, tag); };
  order.timeout = resolved.timeout;
  co_return order;
}

Task<std::variant<BuildResults, RunOutcome>> Performer::build(const queue::Claim& claim, const Template& resolved, build::RunLog& log,
                                                              Progress& progress) {
  using Answer = std::variant<BuildResults, RunOutcome>;
  const Run& run = claim.run;
  progress.at = Stage::checkout;
  log.stage(Stage::checkout);
  auto gone_away = co_await fetch(run, log);
  if (gone_away) co_return Answer(*std::move(gone_away));
  auto too_old = co_await overtaken(claim, resolved);
  if (too_old) co_return Answer(*std::move(too_old));
  Workspace workspace(settings_.state / "work", run.id, tools_.files);
  co_await workspace.make();
  git::CheckoutOptions options;
  options.submodules = resolved.build.submodules;
  options.lfs = resolved.build.lfs;
  options.context = resolved.build.context;
  auto checked_out = co_await tools_.sources.checkout(run.repository, run.commit, workspace.source(), options);
  if (!checked_out) co_return Answer(RunOutcome(Failed(Stage::checkout, checked_out.error().text())));
  log.stage_done(Stage::checkout, "succeeded", fmt::format("{} of {}", run.commit.value(), run.repository.value()));
  progress.at = Stage::build;
  const auto wanted = co_await order(claim, resolved, workspace.source());
  auto outcome = co_await tools_.executor.check_and_build(wanted, log);
  if (const auto* built = std::get_if<build::Built>(&outcome)) co_return Answer(built->results);
  co_return Answer(unbuilt(std::move(outcome)));
}

Task<RunOutcome> Performer::hand_off(const Run& run, const Template& resolved, const BuildResults& results, build::RunLog& log) {
  log.stage(Stage::handoff);
  HandOff wish(run, resolved, results);
  auto outcome = co_await tools_.handoffs.hand_off(std::move(wish), log);
  if (const auto* done = std::get_if<HandedOff>(&outcome)) {
    log.stage_done(Stage::handoff, "succeeded", fmt::format("commit {} in the infra repository{}{}", done->commit.value(), done->note.empty() ? "" : ": ", done->note));
  } else if (const auto* unchanged = std::get_if<Unchanged>(&outcome)) {
    log.stage_done(Stage::handoff, "succeeded", unchanged->why);
  }
  co_return outcome;
}

}  // namespace slipway::run

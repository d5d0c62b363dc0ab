#include <fmt/format.h>

#include "base/failure.hpp"
#include "build/local/job.hpp"
#include "build/local/junit.hpp"
#include "io/offload.hpp"
#include "io/secret_file.hpp"

// The check: a command in the check image, on a copy of the checked-out source, so that nothing it writes gets into the
// image built afterwards.

namespace slipway::build {

namespace {

constexpr const char* workspace_in_container = "/workspace";
constexpr const char* home_in_container = "/root";

}  // namespace

/// How the check ended. `outcome` is set if the end was not the check's own result (the run's time limit, lost).
struct Job::CheckEnd {
  CheckEnd() = default;
  bool passed = false;
  std::string detail;
  std::optional<BuildOutcome> outcome;
};

Task<std::string> Job::count_tests(const Check& check, const std::filesystem::path& folder) {
  if (check.reports.empty()) co_return std::string();
  TestCounts counts;
  auto read = [&check, &folder, &counts] { return add_reports(folder, check.reports, counts); };
  const auto passed_over = co_await io::offload(parts_.pool, std::move(read));
  for (const auto& report : passed_over) log_.note("test report passed over: " + report);
  co_return counts.text();
}

Task<Job::CheckEnd> Job::run_check(const Check& check) {
  CheckEnd end;
  const auto context = inside(order_.source, order_.build.context);
  if (!context) {
    end.detail = "the context " + context.error().what();
    co_return end;
  }
  const auto below = context->lexically_relative(std::filesystem::canonical(order_.source));
  auto copy = [this] { copy_tree(order_.source, workspace_.check()); };
  co_await io::offload(parts_.pool, std::move(copy));

  const Buildah buildah(buildah_program(parts_.builder));
  ContainerRun container;
  container.container = fmt::format("check-{}", order_.run.value());
  container.directory = (std::filesystem::path(workspace_in_container) / below).lexically_normal().string();
  container.volumes = {workspace_.check().string() + ":" + workspace_in_container};
  for (const auto& cache : check.caches) {
    container.volumes.push_back(slot_.cache(cache).string() + ":" + home_in_container + "/" + cache);
  }
  for (const auto& secret : order_.build.secrets) {
    container.volumes.push_back(secret.file + ":/run/secrets/" + secret.id + ":ro");
  }
  for (const auto& mount : parts_.builder.check_mounts) container.volumes.push_back(mount);
  container.environment = {{"HOME", home_in_container}};
  container.environment.insert(container.environment.end(), check.environment.begin(), check.environment.end());

  const std::filesystem::path auth = has_auth_ ? workspace_.docker_config() : std::filesystem::path();
  auto from = buildah.from(store(), container.container, check.image, auth, host_.limits.rlimit(order_.resources));
  const std::vector<std::string> no_variables;
  auto exit = co_await run(std::move(from), no_variables);
  if (!exit.ok()) {
    const std::string words = log_.last_lines(2);
    if (!exit.timed_out && exit.signal == 0 && is_network_trouble(words)) {
      throw Unavailable(fmt::format("the check image {} cannot be had: {}", check.image, words));
    }
    if (exit.timed_out || exit.signal != 0) end.outcome = ended(exit, "fetching the check image");
    end.detail = fmt::format("the check image {} cannot be had: {}", check.image, words);
    co_return end;
  }

  const auto until = parts_.time.now() + check.timeout;
  auto commands = check.prepare;
  commands.push_back(check.command);
  bool preparing = true;
  for (const auto& words : commands) {
    preparing = &words != &commands.back();
    container.command = words;
    auto command = buildah.run(store(), container);
    exit = co_await run(std::move(command), no_variables, until - parts_.time.now());
    if (!exit.ok()) break;
  }
  const std::string counts = co_await count_tests(check, workspace_.check() / below);
  end.passed = exit.ok();
  end.detail = counts;
  if (exit.timed_out && in_time()) {
    end.detail = fmt::format("it did not finish within {}", limit_text(check.timeout));
  } else if (!exit.ok() && (exit.timed_out || exit.signal != 0 || (group_ && group_->ran_out_of_memory()))) {
    end.outcome = ended(exit, check.name.empty() ? "the check" : "the check " + check.name);
  } else if (!exit.ok() && counts.empty()) {
    const std::string words = last_words(1);
    end.detail = fmt::format("{} {}{}{}", preparing ? "`" + container.command.front() + "`, to prepare it," : "the command",
                             exit.text(), words.empty() ? "" : ": ", words);
  }
  co_return end;
}

Task<std::optional<BuildOutcome>> Job::check() {
  const Check& check = *order_.check;
  stage_ = Stage::check;
  log_.stage(stage_);
  const auto end = co_await run_check(check);
  co_await clear_store();
  if (end.passed) {
    log_.stage_done(stage_, "succeeded", end.detail);
    co_return std::nullopt;
  }
  const bool informational = check.mode == CheckMode::informational;
  if (end.outcome && !(informational && std::holds_alternative<Failed>(*end.outcome))) {
    // The executor records an end that is not the check's own.
    co_return end.outcome;
  }
  const std::string detail = end.outcome ? std::get<Failed>(*end.outcome).reason : end.detail;
  if (informational) {
    log_.stage_done(stage_, "failed", "informational, the build goes on: " + detail);
    co_return std::nullopt;
  }
  const std::optional<BuildOutcome> failed(Failed(stage_, fmt::format("{} failed: {}", check.name.empty() ? "the check" : check.name, detail)));
  co_return failed;
}

}  // namespace slipway::build

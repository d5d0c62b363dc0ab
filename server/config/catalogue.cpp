#include "config/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "config/compile.hpp"
#include "config/references.hpp"
#include "config/template_texts.hpp"
#include "edit/path.hpp"

namespace slipway::config {
namespace {

/// True for a path that cannot leave its folder: relative, without `..`, control characters or backslashes.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/') return false;
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    if (path.substr(start, end - start) == "..") return false;
    start = end + 1;
  }
  return std::none_of(path.begin(), path.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; });
}

bool is_image_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-/:";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos && name.front() != '/' &&
         name.back() != '/' && name.find("//") == std::string_view::npos && name.find("..") == std::string_view::npos &&
         name.substr(name.rfind('/') + 1).find(':') == std::string_view::npos;  // the name must not include a tag
}

}  // namespace

std::optional<std::string> what_is_wrong(const Template& resolved) {
  const BuildSpec& build = resolved.build;
  const std::string_view dockerfile = build.dockerfile;
  if (!stays_inside(build.context))
    return fmt::format("the context '{}' leaves the repository", printable(build.context));
  if (!stays_inside(dockerfile.starts_with('/') ? dockerfile.substr(1) : dockerfile)) {
    return fmt::format("the Dockerfile '{}' leaves the repository", printable(dockerfile));
  }
  if (!is_image_name(build.image)) {
    return fmt::format("'{}' cannot be an image's name: lower-case letters, digits, . _ - / only",
                       printable(build.image));
  }
  for (const auto& edit : resolved.values) {
    if (!stays_inside(edit.file))
      return fmt::format("the values file '{}' leaves the infra repository", printable(edit.file));
    if (const auto path = edit::Path::parse(edit.path); !path)
      return fmt::format("a path in `handoff.values`: {}", path.error().what());
  }
  return std::nullopt;
}

namespace {

/// What a run knows about itself.
struct Facts {
  const Parameters& parameters;
  RepoName repository;
  std::string ref;
  CommitSha commit;
  std::int64_t run = 0;
};

class Resolver {
 public:
  Resolver(Template of, const Facts& facts) : template_(std::move(of)), facts_(facts) {}

  Result<Template> operator()() {
    template_.app = put_in(template_.app, false);
    each_text(template_,
              [this](std::string& text, const char*, bool for_handoff) { text = put_in(text, for_handoff); });
    if (!missing_.empty()) {
      return Error(
          fmt::format("template {}: the parameter '{}' has no value: no binding gives it and it has no default",
                      template_.name.value(), missing_));
    }
    if (const auto wrong = what_is_wrong(template_))
      return Error(fmt::format("template {}: {}", template_.name.value(), *wrong));
    return std::move(template_);
  }

 private:
  std::string put_in(const std::string& text, bool for_handoff) {
    return replace_references(text, [&](std::string_view name) { return value(name, for_handoff); });
  }

  std::optional<std::string> value(std::string_view name, bool for_handoff) {
    if (name.starts_with("tt.params.")) return parameter(name.substr(10));
    if (name == "COMMIT_SHA") return facts_.commit.value();
    if (name == "IMAGE_TAG" && !for_handoff) return short_tag(facts_.commit);
    if (name == "REPO") return facts_.repository.value();
    if (name == "REPO_NAME") return facts_.repository.value().substr(facts_.repository.value().find('/') + 1);
    if (name == "BRANCH") return branch_name(facts_.ref);
    if (name == "RUN_ID") return std::to_string(facts_.run);
    if (name == "APP") return template_.app;
    return std::nullopt;
  }

  std::string parameter(std::string_view name) {
    const Parameters& defaults = template_.defaults;
    for (const auto* values : {&facts_.parameters, &defaults}) {
      if (const auto found = values->find(name); found != values->end()) return found->second;
    }
    missing_ = name;
    return {};
  }

  Template template_;
  const Facts& facts_;
  std::string missing_;
};

}  // namespace

Catalogue::Catalogue(std::vector<Template> templates, std::vector<Trigger> triggers, std::vector<Pipeline> pipelines,
                     const Settings& settings)
    : templates_(std::move(templates)),
      triggers_(std::move(triggers)),
      pipelines_(std::move(pipelines)),
      git_base_(settings.git.base_url),
      complete_commits_(settings.git.complete_commits),
      author_(settings.handoff.author),
      committer_(settings.handoff.committer) {}

Catalogue::~Catalogue() = default;

const Template* Catalogue::find(const TemplateName& name) const noexcept {
  const auto found =
      std::find_if(templates_.begin(), templates_.end(), [&](const Template& one) { return one.name == name; });
  return found == templates_.end() ? nullptr : &*found;
}

bool Catalogue::watches(const RepoName& repository) const noexcept {
  return std::any_of(triggers_.begin(), triggers_.end(), [&](const Trigger& trigger) {
    const auto matches = [&](const RepositoryPattern& pattern) { return pattern.matches(repository); };
    return trigger.pinned.matches(repository) &&
           (trigger.repositories.empty() ||
            std::any_of(trigger.repositories.begin(), trigger.repositories.end(), matches));
  });
}

std::vector<RepoName> Catalogue::watched_repositories() const {
  std::set<RepoName> names;
  for (const auto& trigger : triggers_) {
    std::vector<RepositoryPattern> patterns = trigger.repositories;
    patterns.push_back(trigger.pinned);
    for (const auto& pattern : patterns) {
      if (pattern.is_exact() && watches(RepoName(pattern.text()))) names.emplace(pattern.text());
    }
  }
  return {names.begin(), names.end()};
}

Result<Template> Catalogue::resolve(const Run& run) const {
  const Template* found = find(run.template_name);
  if (found == nullptr)
    return Error(fmt::format("no template {}: it is not in the configuration any more", run.template_name.value()));
  const auto pinned = RepositoryPattern::parse(found->repository.value());
  if (pinned && !pinned->matches(run.repository))
    return Error(fmt::format("{} builds {} and nothing else: the configuration has changed since this run of {} was made",
                             run.template_name.value(), found->repository.value(), run.repository.value()));
  const Facts facts{run.parameters, run.repository, run.ref, run.commit, run.id.value()};
  return Resolver(*found, facts)();
}

Result<Template> Catalogue::resolve(const RunRequest& request, const Push& push) const {
  Run run;
  run.template_name = request.template_name;
  run.parameters = request.parameters;
  run.repository = push.repository;
  run.ref = push.ref;
  run.commit = push.after;
  return resolve(run);
}

std::string Catalogue::git_url(const RepoName& repository) const {
  return fmt::format("{}/{}.git", git_base_, repository.value());
}

}  // namespace slipway::config

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/compile.hpp"
#include "config/references.hpp"
#include "config/template_texts.hpp"
#include "config/units.hpp"

namespace slipway::config {
namespace {

const std::vector<std::string>& run_facts() {
  static const std::vector<std::string> names{"COMMIT_SHA", "IMAGE_TAG", "IMAGE_DIGEST", "IMAGE", "REPO",
                                              "REPO_NAME",  "BRANCH",    "RUN_ID",       "APP"};
  return names;
}

/// A template without fatal errors, and its position.
struct Compiled {
  Template value;
  Position where;
};

void check_references(const Compiled& one, Reader& in) {
  const auto check = [&](const std::string& text, const char* what, bool for_handoff) {
    for (const auto& name : references_in(text)) {
      if (name.find_first_of(" /") != std::string::npos) continue;  // a shell's `$(cat file)`, which a check may contain
      if (!for_handoff && (name == "IMAGE" || name == "IMAGE_DIGEST")) {
        in.fail(Error(fmt::format("template {}: its {} has $({}), which is known when the image is there: in hand-off values",
                                  one.value.name.value(), what, name),
                      one.where));
      }
      if (name.starts_with("tt.params.") ||
          std::find(run_facts().begin(), run_facts().end(), name) != run_facts().end())
        continue;
      in.fail(Error(fmt::format("template {}: its {} has $({}), which nothing gives{}", one.value.name.value(), what,
                                printable(name, 60), did_you_mean(name, run_facts())),
                    one.where));
    }
  };
  Template copy = one.value;
  check(copy.app, "app", false);
  each_text(copy, check);
}

void check_stages(const Compiled& one, Reader& in) {
  const auto fail = [&](const std::string& what) {
    in.fail(Error(fmt::format("template {}: {}", one.value.name.value(), what), one.where));
  };
  if (one.value.build.image.empty())
    fail("there is no name for the image: `build.image` is not set by the pipeline or here");
  if (one.value.check && one.value.check->image.empty())
    fail("the check has no image to run in: set `check.image`, or `check: off`");
  if (one.value.check && one.value.check->command.empty())
    fail("the check has no command: set `check.command`, or `check: off`");
  for (const auto& edit : one.value.values) {
    if (edit.file.empty())
      fail("a value has no file to be written to: set `handoff.values`, or the pipeline's parameter for it");
  }
}

/// Checks what no run could get right. Texts with references are checked again when the run has resolved them.
void check_names(const Compiled& one, Reader& in) {
  Template certain = one.value;
  each_text(certain, [](std::string& text, const char*, bool) {
    if (text.empty() || !references_in(text).empty()) text = "x";
  });
  for (std::size_t i = 0; i < certain.values.size(); ++i) {
    // `0` is valid as a key and as an index
    certain.values[i].path = replace_references(one.value.values[i].path, [](std::string_view) { return std::optional<std::string>("0"); });
  }
  if (const auto wrong = what_is_wrong(certain)) {
    in.fail(Error(fmt::format("template {}: {}", one.value.name.value(), *wrong), one.where));
  }
}

/// The memory request of a job, as computed by admission.
std::uint64_t effective_request(const Resources& resources, const QueueSettings& queue) {
  if (resources.memory_request) return *resources.memory_request;
  if (resources.memory_limit) return *resources.memory_limit;
  return resources.cpu_request || resources.cpu_limit ? queue.default_memory : 0;
}

std::uint64_t budget_of(const QueueSettings& queue) {
  if (queue.memory_budget) return *queue.memory_budget;
  const auto host =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  return std::min<std::uint64_t>(16ull << 30, host / 4 * 3);
}

void check_resources(const Compiled& one, const QueueSettings& queue, Reader& in) {
  const Resources& resources = one.value.resources;
  const auto fail = [&](const std::string& what) {
    in.fail(Error(fmt::format("template {}: {}", one.value.name.value(), what), one.where));
  };
  if (const auto request = effective_request(resources, queue); request > budget_of(queue)) {
    fail(fmt::format("it asks for {} of memory, more than `queue.memory_budget` of {}: it could never run",
                     size_text(request), size_text(budget_of(queue))));
  }
  if (resources.memory_request && resources.memory_limit && *resources.memory_request > *resources.memory_limit) {
    fail(fmt::format("its memory request {} is above its limit {}", size_text(*resources.memory_request),
                     size_text(*resources.memory_limit)));
  }
  if (resources.cpu_request && resources.cpu_limit && *resources.cpu_request > *resources.cpu_limit) {
    fail(fmt::format("its CPU request {} is above its limit {}", cpu_text(*resources.cpu_request),
                     cpu_text(*resources.cpu_limit)));
  }
}

/// The image name without the default registry host.
std::string_view short_image(std::string_view image, const std::string& host) {
  return image.starts_with(host + "/") ? image.substr(host.size() + 1) : image;
}

/// If the image name still contains a reference, templates of different repositories may well mean different images.
bool same_image(const Template& a, const Template& b, const std::string& host) {
  return short_image(a.build.image, host) == short_image(b.build.image, host) &&
         (references_in(a.build.image).empty() ||
          (a.repository == b.repository && a.repository.value().find('*') == std::string::npos));
}

void check_unique(const std::vector<Compiled>& templates, const std::string& host, Reader& in) {
  for (auto later = templates.begin(); later != templates.end(); ++later) {
    for (auto earlier = templates.begin(); earlier != later; ++earlier) {
      if (earlier->value.name == later->value.name) {
        in.fail(Error(fmt::format("template '{}' stands here a second time; the first is in line {}",
                                  later->value.name.value(), earlier->where.line),
                      later->where));
      } else if (same_image(earlier->value, later->value, host)) {
        in.fail(
            Error(fmt::format("templates {} and {} build the same image '{}': each would overwrite the other's tags",
                              earlier->value.name.value(), later->value.name.value(), later->value.build.image),
                  later->where));
      }
    }
  }
}

/// Reads the template's own keys on top of its pipeline's values.
Template read_over(const YAML::Node& node, std::optional<Template> merged, const Parameters& params, Reader& in) {
  TemplateDraft full;
  Reader keys(in.source());
  keys.use_secrets(in.secrets());
  if (merged) keys.use_parameters(&params);
  const bool whole = merged.has_value();
  if (whole) full.merged = std::move(*merged);
  template_shape().read(keys, node, full);
  for (auto& error : keys.errors()) {
    // The parameters of a missing pipeline are unknown: do not report references to them.
    if (whole || error.what().find("$(params.") == std::string::npos) in.fail(std::move(error));
  }
  return std::move(full.merged);
}

std::optional<Compiled> compile(const YAML::Node& node, const TemplateDraft& head, PipelineSet& pipelines, Reader& in) {
  const auto repository = RepositoryPattern::parse(head.repository.text);
  if (!repository) in.fail(Error(repository.error().what(), head.repository.where));

  Parameters params = head.params;
  auto merged = pipelines.instantiate(head, params, in);
  const bool has_pipeline = merged.has_value();
  Template full = read_over(node, std::move(merged), params, in);
  if (!has_pipeline || !repository) return std::nullopt;

  Compiled result{std::move(full), head.name.where};
  result.value.name = TemplateName(head.name.text);
  result.value.pipeline = PipelineName(head.pipeline.text);
  result.value.repository = RepoName(head.repository.text);
  if (result.value.app.empty()) {
    result.value.app =
        repository->is_exact() ? head.repository.text.substr(head.repository.text.find('/') + 1) : "$(REPO_NAME)";
  }
  each_text(result.value, [app = result.value.app](std::string& text, const char*, bool) {
    text = replace_references(text,
                              [&](std::string_view name) { return name == "APP" ? std::optional(app) : std::nullopt; });
  });
  return result;
}

/// Reads and compiles one template; if it has a name but fails, adds it to `broken`.
std::optional<Compiled> compile(const YAML::Node& node, PipelineSet& pipelines, std::vector<std::string>& broken, Reader& in) {
  TemplateDraft head;  // pipeline and parameters only: errors in the rest are reported below
  Reader first(in.source());
  first.use_secrets(in.secrets());
  template_shape().read(first, node, head);
  std::optional<Compiled> compiled;
  if (head.name.source == nullptr || head.pipeline.source == nullptr || head.repository.source == nullptr) {
    for (auto& error : first.errors()) in.fail(std::move(error));
  } else {
    compiled = compile(node, head, pipelines, in);
  }
  if (!compiled && head.name.source != nullptr) broken.push_back(head.name.text);
  return compiled;
}

}  // namespace

CompiledTemplates compile_templates(const Draft& draft, PipelineSet& pipelines, Reader& in) {
  CompiledTemplates templates;
  std::vector<Compiled> compiled;
  if (draft.templates.IsDefined() && !draft.templates.IsNull() && !draft.templates.IsSequence())
    in.fail(draft.templates, "expected a list of templates");
  if (draft.templates.IsSequence()) {
    for (const YAML::Node& node : draft.templates) {
      if (auto one = compile(node, pipelines, templates.broken, in)) compiled.push_back(std::move(*one));
    }
  }
  for (const auto& one : compiled) {
    check_references(one, in);
    check_stages(one, in);
    check_names(one, in);
    check_resources(one, draft.settings.queue, in);
  }
  check_unique(compiled, draft.settings.registry.host, in);
  for (auto& one : compiled) templates.good.push_back(std::move(one.value));
  return templates;
}

}  // namespace slipway::config

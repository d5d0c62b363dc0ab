#include "config/load.hpp"

#include <algorithm>

#include "config/compile.hpp"
#include "config/drafts.hpp"
#include "config/pipelines.hpp"
#include "config/settings_check.hpp"

namespace slipway::config {
namespace {

/// Distinct errors in file order; those of other files (pipelines) last.
std::vector<Error> in_order(std::vector<Error> errors, const std::string& file) {
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) {
    const bool other_a = a.where().file != file, other_b = b.where().file != file;
    return std::tie(other_a, a.where()) < std::tie(other_b, b.where());
  });
  errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
  return errors;
}

}  // namespace

Loaded load(const std::filesystem::path& file, const LoadOptions& options) {
  auto source = read_source(file);
  if (!source) return std::vector<Error>{source.error()};
  return load_text(source->text, file, options);
}

Loaded load_text(std::string_view text, const std::filesystem::path& file, const LoadOptions& options) {
  const Source source(file.string(), std::string(text));
  const auto root = parse_yaml(source);
  if (!root) return std::vector<Error>{root.error()};
  if (!root->IsMap())
    return std::vector<Error>{
        Error("there is no configuration in it: expected a mapping", Position(source.file, 1, 1))};

  Reader in(source);
  Draft draft;
  in.expand_environment(true);
  root_shape().read(in, *root, draft);
  in.expand_environment(false);
  in.use_secrets(&draft.secrets);
  check_settings(draft.settings, *root, in);
  auto& handoff = draft.settings.handoff;
  if (handoff.signing == Signing::ssh && !handoff.signing_key.empty())
    handoff.signing_key = in.file((*root)["handoff"]["signing_key"], handoff.signing_key).string();

  std::vector<Error> errors;
  PipelineSet pipelines(errors);
  pipelines.add_shipped();
  if (draft.pipelines_dir) pipelines.add_folder(*draft.pipelines_dir, in.position((*root)["pipelines_dir"]));
  pipelines.add_inline(draft.pipelines, in);
  auto templates = compile_templates(draft, pipelines, in);
  auto triggers = compile_triggers(draft, templates, in);
  if (options.check_files) check_files(draft.settings, *root, in);

  errors.insert(errors.end(), in.errors().begin(), in.errors().end());
  if (!errors.empty()) return in_order(std::move(errors), source.file);
  Config config;
  config.settings = std::move(draft.settings);
  config.catalogue =
      std::make_shared<const Catalogue>(std::move(templates.good), std::move(triggers), pipelines.all(), config.settings);
  config.file = file;
  return config;
}

std::string text(const std::vector<Error>& errors) {
  std::string all;
  for (const auto& error : errors) all += (all.empty() ? "" : "\n") + error.text();
  return all;
}

}  // namespace slipway::config

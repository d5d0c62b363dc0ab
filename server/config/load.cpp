#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/compile.hpp"
#include "config/drafts.hpp"
#include "config/pipelines.hpp"
#include "io/secret_file.hpp"

namespace slipway::config {
namespace {

/// Errors in the order of the file, each once; other files (pipelines) after it.
std::vector<Error> in_order(std::vector<Error> errors, const std::string& file) {
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) {
    const bool other_a = a.where().file != file, other_b = b.where().file != file;
    return std::tie(other_a, a.where()) < std::tie(other_b, b.where());
  });
  errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
  return errors;
}

/// What would keep the daemon from starting, or from reading a credential when it needs it.
void check_files(const Settings& settings, Reader& in) {
  const auto& keys = settings.webhook.secret_files;
  for (const auto& [path, where] : in.files()) {
    std::error_code ec;
    const auto status = std::filesystem::status(path, ec);
    if (!std::filesystem::exists(status)) {
      in.fail(Error(fmt::format("there is no file {}{}", path.string(),
                                ec && ec != std::errc::no_such_file_or_directory ? ": " + ec.message() : ""),
                    where));
    } else if (!std::filesystem::is_regular_file(status)) {
      in.fail(Error(fmt::format("{} is no plain file", path.string()), where));
    } else if (std::find(keys.begin(), keys.end(), path) != keys.end()) {
      const auto key = io::read_secret_file(path);
      if (!key) in.fail(Error(key.error().what(), where));
    }
  }
}

void check_settings(const Settings& settings, const YAML::Node& root, Reader& in) {
  const auto at = [&](const char* section, const char* key) -> Position {
    const YAML::Node part = root[section];
    const YAML::Node node = part && part.IsMap() && part[key] ? part[key] : part;
    return in.position(node ? node : root);
  };
  if (settings.webhook.secret_files.empty() && root["webhook"]) {
    in.fail(Error("without a secret no delivery could ever be believed: `webhook.secret_files` needs at least one file",
                  at("webhook", "secret_files")));
  }
  if (!settings.webhook.path.starts_with('/'))
    in.fail(Error("the hook's path begins with a slash", at("webhook", "path")));
  for (const auto& [section, pair] :
       {std::pair("git", std::pair(&settings.git.username_file, &settings.git.password_file)),
        std::pair("handoff", std::pair(&settings.handoff.username_file, &settings.handoff.password_file))}) {
    if (pair.first->has_value() != pair.second->has_value()) {
      in.fail(Error("`username_file` and `password_file` go together",
                    at(section, pair.first->has_value() ? "username_file" : "password_file")));
    }
  }
  for (const auto& mirror : settings.handoff.also_push) {
    if (mirror.username_file.has_value() != mirror.password_file.has_value())
      in.fail(Error("a mirror's `username_file` and `password_file` go together", at("handoff", "also_push")));
    if (mirror.url == settings.handoff.repository_url)
      in.fail(Error("`also_push` names the infra repository itself", at("handoff", "also_push")));
  }
  if (settings.handoff.mode == HandoffMode::pull_request && !settings.handoff.also_push.empty()) {
    in.fail(Error("with `mode: pull_request` nothing is pushed to the branch: its mirrors are the server's business",
                  at("handoff", "also_push")));
  }
  if (settings.handoff.signing != Signing::none && settings.handoff.signing_key.empty()) {
    in.fail(Error("`signing` needs a `signing_key`", at("handoff", "signing")));
  }
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
    handoff.signing_key = (file.parent_path() / handoff.signing_key).lexically_normal().string();

  std::vector<Error> errors;
  PipelineSet pipelines(errors);
  pipelines.add_shipped();
  if (draft.pipelines_dir) pipelines.add_folder(*draft.pipelines_dir, in.position((*root)["pipelines_dir"]));
  pipelines.add_inline(draft.pipelines, in);
  auto templates = compile_templates(draft, pipelines, in);
  auto triggers = compile_triggers(draft, templates, in);
  if (options.check_files) check_files(draft.settings, in);

  errors.insert(errors.end(), in.errors().begin(), in.errors().end());
  if (!errors.empty()) return in_order(std::move(errors), source.file);
  Config config;
  config.settings = std::move(draft.settings);
  config.catalogue =
      std::make_shared<const Catalogue>(std::move(templates), std::move(triggers), pipelines.all(), config.settings);
  config.file = file;
  return config;
}

std::string text(const std::vector<Error>& errors) {
  std::string all;
  for (const auto& error : errors) all += (all.empty() ? "" : "\n") + error.text();
  return all;
}

}  // namespace slipway::config

#include "run/drift.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace slipway::run {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trim_slashes(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  text.erase(0, text.find_first_not_of('/'));
  return text;
}

std::string without_git_suffix(std::string path) {
  path = trim_slashes(std::move(path));
  if (path.size() > 4 && path.ends_with(".git")) path.resize(path.size() - 4);
  return path;
}

/// `.`, `./a/`, `a/../b` → the plain path from the repository's root; nothing if it leaves the repository.
std::optional<std::string> plain_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (parts.empty()) return std::nullopt;
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

std::string text_at(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

ApplicationSource source_from(const YAML::Node& node) {
  ApplicationSource source;
  source.repo_url = text_at(node, "repoURL");
  source.target_revision = text_at(node, "targetRevision");
  source.path = text_at(node, "path");
  source.ref = text_at(node, "ref");
  source.chart = !text_at(node, "chart").empty();
  const YAML::Node helm = node["helm"];
  if (helm && helm.IsMap() && helm["valueFiles"] && helm["valueFiles"].IsSequence()) {
    for (const auto& file : helm["valueFiles"]) {
      if (file.IsScalar()) source.value_files.push_back(file.Scalar());
    }
  }
  return source;
}

std::optional<Application> application_from(const YAML::Node& document, const std::string& origin) {
  if (!document.IsMap() || text_at(document, "kind") != "Application") return std::nullopt;
  if (!text_at(document, "apiVersion").starts_with("argoproj.io/")) return std::nullopt;
  const YAML::Node spec = document["spec"];
  if (!spec || !spec.IsMap()) return std::nullopt;
  Application application;
  application.origin = origin;
  if (document["metadata"] && document["metadata"].IsMap()) application.name = text_at(document["metadata"], "name");
  if (spec["sources"] && spec["sources"].IsSequence()) {
    for (const auto& source : spec["sources"]) {
      if (source.IsMap()) application.sources.push_back(source_from(source));
    }
  }
  // Argo CD ignores `source` if there are `sources`.
  if (application.sources.empty() && spec["source"] && spec["source"].IsMap())
    application.sources.push_back(source_from(spec["source"]));
  return application;
}

/// How specifically a source covers a file: for a folder, the length of its path; a value file beats any folder.
constexpr std::size_t names_the_file = 1'000'000;

struct Cover {
  const Application* application;
  const ApplicationSource* source;  ///< the source with the repository that the file is read from
  std::size_t exactness;
};

/// The source that `$name/…` refers to, and the path after it; nothing for an unknown name.
std::optional<std::pair<const ApplicationSource*, std::string>> referred(const Application& application, std::string_view file) {
  const auto slash = file.find('/');
  if (!file.starts_with('$') || slash == std::string_view::npos) return std::nullopt;
  const std::string_view wanted = file.substr(1, slash - 1);
  for (const auto& source : application.sources) {
    if (source.ref == wanted) return std::pair(&source, std::string(file.substr(slash + 1)));
  }
  return std::nullopt;
}

void add_value_file_covers(const Application& application, const std::string& file, std::vector<Cover>& covers) {
  for (const auto& source : application.sources) {
    for (const auto& value_file : source.value_files) {
      if (const auto target = referred(application, value_file)) {
        if (plain_path(target->second) == file) covers.push_back({&application, target->first, names_the_file});
        continue;
      }
      if (source.chart) continue;
      const std::string path = value_file.starts_with('/') ? value_file : source.path + "/" + value_file;
      if (plain_path(path) == file) covers.push_back({&application, &source, names_the_file});
    }
  }
}

void add_folder_covers(const Application& application, const std::string& file, std::vector<Cover>& covers) {
  for (const auto& source : application.sources) {
    if (source.chart || source.path.empty()) continue;
    const auto folder = plain_path(source.path);
    if (!folder) continue;
    if (folder->empty() || file.starts_with(*folder + "/")) covers.push_back({&application, &source, folder->size()});
  }
}

std::vector<Cover> most_exact(std::vector<Cover> covers) {
  std::size_t best = 0;
  for (const auto& cover : covers) best = std::max(best, cover.exactness);
  std::erase_if(covers, [best](const Cover& cover) { return cover.exactness < best; });
  return covers;
}

bool same_repository(const std::string& a, const std::string& b, std::span<const std::vector<std::string>> same) {
  const std::string left = normalise_address(a);
  const std::string right = normalise_address(b);
  if (!left.empty() && left == right) return true;
  return std::any_of(same.begin(), same.end(), [&](const std::vector<std::string>& group) {
    const auto holds = [&](const std::string& address) {
      return std::any_of(group.begin(), group.end(), [&](const std::string& one) { return normalise_address(one) == address; });
    };
    return holds(left) && holds(right);
  });
}

bool is_target(const std::string& address, const PushTarget& target, std::span<const std::vector<std::string>> same) {
  return same_repository(address, target.url, same) || std::any_of(target.mirrors.begin(), target.mirrors.end(), [&](const std::string& mirror) {
           return same_repository(address, mirror, same);
         });
}

std::string branch_of(const ApplicationSource& source, const PushTarget& target) {
  if (source.target_revision.empty() || source.target_revision == "HEAD") return target.default_branch;
  const std::string_view prefix = "refs/heads/";
  std::string branch = source.target_revision;
  if (branch.starts_with(prefix)) branch.erase(0, prefix.size());
  return branch;
}

std::string without_user(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.find('@', scheme == std::string::npos ? 0 : scheme);
  if (scheme == std::string::npos || at == std::string::npos || url.find('/', scheme + 3) < at) return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

}  // namespace

std::string normalise_address(std::string_view address) {
  std::string text(address);
  const auto scheme = text.find("://");
  if (scheme != std::string::npos) {
    text.erase(0, scheme + 3);
    const auto slash = text.find('/');
    std::string host = text.substr(0, slash);
    if (const auto at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
    const auto bracket = host.find(']');
    const auto colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon != std::string::npos) host.resize(colon);
    if (host.empty()) return "";
    return lower(host) + "/" + without_git_suffix(slash == std::string::npos ? "" : text.substr(slash));
  }
  const auto colon = text.find(':');
  if (colon == std::string::npos || text.find('/') < colon) return "";
  std::string host = text.substr(0, colon);
  if (const auto at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
  return host.empty() ? "" : lower(host) + "/" + without_git_suffix(text.substr(colon + 1));
}

std::vector<Application> parse_applications(std::string_view yaml, const std::string& origin) {
  std::vector<Application> found;
  try {
    for (const auto& document : YAML::LoadAll(std::string(yaml))) {
      if (auto application = application_from(document, origin)) found.push_back(*std::move(application));
      const bool list = document.IsMap() && text_at(document, "kind").ends_with("List") && document["items"] && document["items"].IsSequence();
      if (!list) continue;
      for (const auto& item : document["items"]) {
        if (auto application = application_from(item, origin)) found.push_back(*std::move(application));
      }
    }
  } catch (const YAML::Exception&) {
    // Not YAML, for example a Helm template: nothing to compare.
  }
  return found;
}

std::string_view name(DriftState state) noexcept {
  switch (state) {
    case DriftState::same: return "same";
    case DriftState::differs: return "differs";
    case DriftState::unknown: return "unknown";
  }
  return "unknown";
}

Drift compare(const PushTarget& target, std::span<const std::string> files, std::span<const Application> applications,
              std::span<const std::vector<std::string>> same) {
  std::set<std::string> differences, uncovered;
  for (const auto& file : files) {
    std::vector<Cover> covers;
    for (const auto& application : applications) {
      add_value_file_covers(application, file, covers);
      add_folder_covers(application, file, covers);
    }
    if (covers.empty()) uncovered.insert(fmt::format("no Argo CD Application was found that reads {}", file));
    for (const auto& cover : most_exact(std::move(covers))) {
      const auto& source = *cover.source;
      const std::string who = fmt::format("Application {} ({})", cover.application->name, cover.application->origin);
      if (!is_target(source.repo_url, target, same)) {
        differences.insert(fmt::format("{} reads {}, but hand-offs are pushed to {}: what is pushed there is not deployed", who,
                                       without_user(source.repo_url), without_user(target.url)));
      } else if (branch_of(source, target) != target.branch) {
        differences.insert(fmt::format("{} reads branch {}, but hand-offs are pushed to {}", who, branch_of(source, target),
                                       target.branch));
      }
    }
  }
  Drift drift;
  drift.state = !differences.empty() ? DriftState::differs : !uncovered.empty() || files.empty() ? DriftState::unknown : DriftState::same;
  drift.findings.assign(differences.begin(), differences.end());
  drift.findings.insert(drift.findings.end(), uncovered.begin(), uncovered.end());
  return drift;
}

namespace {

std::string finding(const git::CopyHead& mirror) {
  const std::string url = without_user(mirror.url);
  const std::string why = mirror.trouble.empty() ? "" : " (" + mirror.trouble + ")";
  switch (mirror.state) {
    case git::CopyState::same: return "";
    case git::CopyState::behind:
      return fmt::format("the mirror {} is {}, but the repository is at {}{}: the next hand-off brings it up to date", url,
                         mirror.head ? "at " + short_tag(*mirror.head) : "without the branch", short_tag(mirror.origin), why);
    case git::CopyState::diverged:
      return fmt::format("the mirror {} has diverged: it is {}, and the repository is at {}{}: it is never forced, so no hand-off gets there", url,
                         mirror.head ? "at " + short_tag(*mirror.head) : "elsewhere", short_tag(mirror.origin), why);
    case git::CopyState::unknown: return fmt::format("the mirror {} cannot be asked{}", url, why);
  }
  return "";
}

}  // namespace

Drift with_mirrors(Drift contract, std::vector<git::CopyHead> mirrors) {
  Drift all = std::move(contract);
  for (const auto& mirror : mirrors) {
    if (mirror.state == git::CopyState::same) continue;
    all.findings.push_back(finding(mirror));
    if (mirror.state != git::CopyState::unknown) all.state = DriftState::differs;
    else if (all.state == DriftState::same) all.state = DriftState::unknown;
  }
  all.mirrors = std::move(mirrors);
  return all;
}

}  // namespace slipway::run

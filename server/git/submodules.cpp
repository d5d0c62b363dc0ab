#include "git/submodules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "git/address.hpp"

namespace slipway::git {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Parses a value as in git-config(1): quotes, backslashes, trailing comments.
std::string value_of(std::string_view text) {
  std::string value;
  bool quoted = false;
  std::size_t kept = 0;  // length without trailing unquoted space
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && (c == '#' || c == ';')) break;
    if (c == '"') {
      quoted = !quoted;
      kept = value.size();
      continue;
    }
    value += c == '\\' && i + 1 < text.size() ? text[++i] : c;
    if (quoted || (c != ' ' && c != '\t')) kept = value.size();
  }
  value.resize(kept);
  return value;
}

struct Section {
  std::optional<std::string> path, url;
};

std::vector<Section> sections_of(const std::string& gitmodules) {
  std::vector<Section> sections;
  bool in_submodule = false;
  std::string_view rest = gitmodules;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.starts_with('[')) {
      in_submodule = line.starts_with("[submodule ");
      if (in_submodule) sections.emplace_back();
    }
    const auto equals = line.find('=');
    if (!in_submodule || equals == std::string_view::npos || line.starts_with('#') || line.starts_with(';')) continue;
    const auto key = trimmed(line.substr(0, equals));
    const auto value = value_of(trimmed(line.substr(equals + 1)));
    if (key == "path") sections.back().path = value;
    if (key == "url") sections.back().url = value;
  }
  return sections;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

/// Host and path of `scheme://[user@]host[:port]/path` or `[user@]host:path`.
struct Place {
  std::string host, path;
};

std::optional<Place> place_of(const std::string& url) {
  const auto scheme = url.find("://");
  std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  const auto split = rest.find_first_of(scheme == std::string::npos ? ":" : "/");
  if (split == std::string::npos) return std::nullopt;
  std::string host = rest.substr(0, split);
  if (const auto at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
  if (const auto port = host.rfind(':'); port != std::string::npos) host.erase(port);
  return Place{lower(host), rest.substr(split + 1)};
}

/// A URL without its login part, for messages.
std::string without_login(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto begin = scheme + 3, at = url.substr(0, url.find('/', begin)).rfind('@');
  return at == std::string::npos || at < begin ? url : url.substr(0, begin) + url.substr(at + 1);
}

std::string without_ends(std::string path) {
  while (!path.empty() && path.front() == '/') path.erase(0, 1);
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  return path;
}

/// `../b.git` in `Org/a` is `Org/b`.
std::string relative_to(const RepoName& parent, std::string_view url) {
  std::string at = parent.value();
  while (true) {
    if (url.starts_with("./")) {
      url.remove_prefix(2);
    } else if (url.starts_with("../")) {
      url.remove_prefix(3);
      const auto slash = at.rfind('/');
      at = slash == std::string::npos ? "" : at.substr(0, slash);
    } else {
      return at.empty() ? std::string(url) : at + "/" + std::string(url);
    }
  }
}

}  // namespace

Result<std::string> submodule_url(const std::string& gitmodules, const std::string& path) {
  for (const auto& section : sections_of(gitmodules)) {
    if (section.path == path && section.url) return *section.url;
  }
  return Error(fmt::format("{} is a submodule, but .gitmodules does not say where it comes from", printable(path)));
}

Result<RepoName> submodule_repository(const std::string& base_url, const RepoName& parent, const std::string& url) {
  std::string name;
  if (url.starts_with("./") || url.starts_with("../")) {
    name = relative_to(parent, url);
  } else {
    const auto place = place_of(url), base = place_of(base_url.ends_with('/') ? base_url : base_url + "/");
    if (!place || !base || place->host != base->host) {
      return Error(fmt::format("the submodule at {} is on another server than the configured one, and is not fetched from there", printable(without_login(url))));
    }
    name = place->path;
    if (name.starts_with(base->path)) name.erase(0, base->path.size());
  }
  const RepoName repository(without_ends(name));
  if (!is_valid_repository(repository)) return Error(fmt::format("the submodule's address {} names no repository", printable(without_login(url))));
  return repository;
}

}  // namespace slipway::git

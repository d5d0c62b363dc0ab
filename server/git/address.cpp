#include "git/address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/failure.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"

namespace slipway::git {
namespace {

bool is_plain_part(std::string_view part) noexcept {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !part.empty() && part.size() <= 100 && part != "." && part.front() != '-' && part.find("..") == std::string_view::npos &&
         !part.ends_with(".git") && std::all_of(part.begin(), part.end(), plain);
}

}  // namespace

bool is_valid_repository(const RepoName& repository) noexcept {
  const std::string_view name = repository.value();
  const auto slash = name.find('/');
  return slash != std::string_view::npos && name.front() != '.' && is_plain_part(name.substr(0, slash)) && is_plain_part(name.substr(slash + 1));
}

std::string repository_url(const std::string& base, const RepoName& repository) {
  if (!is_valid_repository(repository)) throw Refused(fmt::format("\"{}\" is no name of a repository", printable(repository.value(), 100)));
  std::string root = base;
  while (!root.empty() && root.back() == '/') root.pop_back();
  return fmt::format("{}/{}.git", root, repository.value());
}

std::string authorization_header(const Access& access) {
  const Credentials known = access.credentials ? access.credentials() : Credentials();
  if (known.empty()) return "";
  return "Authorization: Basic " + to_base64(known.username + ":" + known.password);
}

}  // namespace slipway::git
